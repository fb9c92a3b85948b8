/* SHA-256 (FIPS 180-4) of many messages at a time: each lane of a vector register works on a message of its own, and takes the next one
   when that has ended. Built by tools/build_lanes.py, called by infra/audit/lanes.py. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <cpuid.h>
#include <stdint.h>
#include <string.h>

#define LANES 16
typedef uint32_t Lanes __attribute__((vector_size(4 * LANES)));

struct lane {
    const uint8_t *block; /* the next one */
    int64_t whole;        /* blocks of the message itself that are left; its last ones, with the padding, lie in `tail` */
    int64_t left;         /* blocks that are left; 0: it takes the next message, or rests */
    Py_ssize_t message;
    uint8_t tail[128];
};

static const uint32_t START[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define INLINE static inline __attribute__((always_inline))
#define ROTR(x, n) (((x) >> (n)) | ((x) << (32 - (n))))

INLINE void compress(Lanes state[8], Lanes w[16]) {
    Lanes a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
#pragma GCC unroll 64
    for (int t = 0; t < 64; t++) {
        Lanes *word = &w[t & 15];
        if (t >= 16) {
            Lanes near = w[(t - 2) & 15], far = w[(t - 15) & 15];
            *word += (ROTR(near, 17) ^ ROTR(near, 19) ^ (near >> 10)) + w[(t - 7) & 15] + (ROTR(far, 7) ^ ROTR(far, 18) ^ (far >> 3));
        }
        Lanes one = h + (ROTR(e, 6) ^ ROTR(e, 11) ^ ROTR(e, 25)) + ((e & f) ^ (~e & g)) + K[t] + *word;
        Lanes two = (ROTR(a, 2) ^ ROTR(a, 13) ^ ROTR(a, 22)) + ((a & b) | (c & (a | b)));
        h = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

INLINE void begin(struct lane *lane, Py_ssize_t message, const uint8_t *data, int64_t size) {
    int rest = size % 64, padded = rest < 56 ? 64 : 128;
    uint64_t bits = __builtin_bswap64((uint64_t)size * 8);
    lane->message = message;
    lane->whole = size / 64;
    lane->left = lane->whole + padded / 64;
    memcpy(lane->tail, data + 64 * lane->whole, rest);
    memset(lane->tail + rest, 0, padded - rest);
    lane->tail[rest] = 0x80;
    memcpy(lane->tail + padded - 8, &bits, 8);
    lane->block = lane->whole ? data : lane->tail;
}

/* `digests`: bytes objects of 32 bytes, one for each of the bytes objects `messages`. */
__attribute__((target_clones("avx512f", "avx2", "default")))
void sha256_lanes(PyObject *const messages[], Py_ssize_t count, PyObject *const digests[]) {
    union { Lanes rows[8]; uint32_t words[8][LANES]; } state;
    union { Lanes rows[16]; uint32_t words[16][LANES]; } w;
    struct lane lanes[LANES] = {0};
    Py_ssize_t begun = 0, ended = 0;
    memset(&w, 0, sizeof w);
    memset(&state, 0, sizeof state);
    while (ended < count) {
        for (int l = 0; l < LANES; l++) {
            struct lane *lane = &lanes[l];
            if (!lane->left) {
                if (begun == count) continue;
                begin(lane, begun, (const uint8_t *)PyBytes_AS_STRING(messages[begun]), PyBytes_GET_SIZE(messages[begun]));
                begun++;
                for (int r = 0; r < 8; r++) state.words[r][l] = START[r];
            }
            for (int t = 0; t < 16; t++) {
                uint32_t word;
                memcpy(&word, lane->block + 4 * t, 4);
                w.words[t][l] = __builtin_bswap32(word);
            }
            lane->block = --lane->whole ? lane->block + 64 : lane->tail;
        }
        compress(state.rows, w.rows);
        for (int l = 0; l < LANES; l++) {
            struct lane *lane = &lanes[l];
            if (!lane->left || --lane->left) continue;
            char *digest = PyBytes_AS_STRING(digests[lane->message]);
            for (int r = 0; r < 8; r++) {
                uint32_t word = __builtin_bswap32(state.words[r][l]);
                memcpy(digest + 4 * r, &word, 4);
            }
            ended++;
        }
    }
}

/* Without the interpreter's lock, so that another thread can fetch what comes next; the tuple keeps the messages. */
static PyObject *digests(PyObject *Py_UNUSED(module), PyObject *given) {
    PyObject *messages = PySequence_Tuple(given), *found = NULL, *digest;
    if (!messages) return NULL;
    Py_ssize_t count = PyTuple_GET_SIZE(messages);
    for (Py_ssize_t i = 0; i < count; i++)
        if (!PyBytes_Check(PyTuple_GET_ITEM(messages, i))) {
            PyErr_Format(PyExc_TypeError, "message %zd is not bytes", i);
            goto end;
        }
    if (!(found = PyList_New(count))) goto end;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!(digest = PyBytes_FromStringAndSize(NULL, 32))) {
            Py_CLEAR(found);
            goto end;
        }
        PyList_SET_ITEM(found, i, digest);
    }
    Py_BEGIN_ALLOW_THREADS
    sha256_lanes(PySequence_Fast_ITEMS(messages), count, PySequence_Fast_ITEMS(found));
    Py_END_ALLOW_THREADS
end:
    Py_DECREF(messages);
    return found;
}

/* Not without wide registers, and not with half as wide ones beside instructions for SHA-256. */
static PyObject *pays(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none)) {
    unsigned a, b, c, d;
    int instructions = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
    return PyBool_FromLong(__builtin_cpu_supports("avx512f") || (__builtin_cpu_supports("avx2") && !instructions));
}

static PyMethodDef functions[] = {
    {"digests", digests, METH_O, "The digests of the messages, in their order."},
    {"pays", pays, METH_NOARGS, "Whether this is faster on this processor than one message after the other."},
    {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "sha256_lanes", NULL, 0, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_sha256_lanes(void) { return PyModule_Create(&module); }

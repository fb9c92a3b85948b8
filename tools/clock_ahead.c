/* The wall clock, AHEAD seconds on, for a process and all that it starts (LD_PRELOAD). The monotonic clock is left alone, and what waits until
 * a moment of the wall clock waits as long as it would have. Built and used by at_date.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long ahead(void)
{
    static long seconds = -1;
    if (seconds < 0) {
        const char *told = getenv("AHEAD");
        seconds = told ? atol(told) : 0;
    }
    return seconds;
}

static int wall(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed && wall(clock))
        now->tv_sec += ahead();
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec at;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &at);
    now->tv_sec = at.tv_sec;
    now->tv_usec = at.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *kept)
{
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    if (kept)
        *kept = at.tv_sec;
    return at.tv_sec;
}

/* A moment given to a wait is of the wall clock where it is later than any uptime. */
static const struct timespec *back(const struct timespec *until, struct timespec *room)
{
    if (!until || until->tv_sec < 1000000000L)
        return until;
    *room = *until;
    room->tv_sec -= ahead();
    return room;
}

#define WAIT(name, kind)                                                          \
    int name(kind *what, const struct timespec *until)                            \
    {                                                                             \
        static int (*real)(kind *, const struct timespec *);                      \
        struct timespec room;                                                     \
        if (!real)                                                                \
            real = dlsym(RTLD_NEXT, #name);                                       \
        return real(what, back(until, &room));                                    \
    }
WAIT(sem_timedwait, sem_t)
WAIT(pthread_mutex_timedlock, pthread_mutex_t)

int pthread_cond_timedwait(pthread_cond_t *restrict what, pthread_mutex_t *restrict lock,
                           const struct timespec *restrict until)
{
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec room;
    if (!real)
        real = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (!real)
        real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    return real(what, lock, back(until, &room));
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until, struct timespec *left)
{
    static int (*real)(clockid_t, int, const struct timespec *, struct timespec *);
    struct timespec room;
    if (!real)
        real = dlsym(RTLD_NEXT, "clock_nanosleep");
    return real(clock, flags, flags & TIMER_ABSTIME ? back(until, &room) : until, left);
}

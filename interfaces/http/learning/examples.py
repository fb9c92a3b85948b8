"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("post", "/v1/evaluations"): {
        "name": "a shorter prompt on the small model",
        "dataset": "0196f8a2-5d3e-7c11-b3a4-9f6f0c2d1e5b",
        "variant": {"configuration": {"tone": "brief", "document_results": 3}, "model": "openai/gpt-6-luna"},
        "minimum": {"quality": 0.4, "worse": 0.05},
        "pace": {"per_minute": 60, "at_once": 4},
        "most": "5",
    },
    ("post", "/v1/evaluations/{evaluation}/stop"): {"reason": "the wrong dataset"},
    ("post", "/v1/datasets"): {"name": "Opening hours"},
    ("post", "/v1/datasets/{dataset}/cases"): {
        "cases": [
            {
                "message": "And on Sundays?",
                "context": [
                    {"role": "user", "text": "When are you open?"},
                    {"role": "assistant", "text": "From nine to six."},
                ],
                "expected_answer": "From ten to four.",
                "intent": "hours",
            }
        ]
    },
    ("post", "/v1/datasets/{dataset}/cases/remove"): {"cases": ["0190a5c4-7d3e-7c11-9c1d-3f6d2b8e4a10"]},
    ("post", "/v1/datasets/{dataset}/corrections"): {"above": 4.0},
    ("post", "/v1/datasets/{dataset}/interactions"): {
        "interactions": ["0190a5c4-7d3e-7c11-9c1d-3f6d2b8e4a10"]
    },
    ("post", "/v1/training-sets"): {"name": "December", "system": "You answer for a shoe shop."},
    ("post", "/v1/fine-tuning/jobs"): {
        "provider": "together",
        "model": "openai/gpt-oss-20b",
        "training_set": "0196f8a2-5d3e-7c11-b3a4-9f6f0c2d1e5c",
        "epochs": 3,
        "dataset": "0196f8a2-5d3e-7c11-b3a4-9f6f0c2d1e5b",
    },
    ("post", "/v1/fine-tuning/jobs/{job}/evaluation"): {"evaluation": "0196f8a2-5d3e-7c11-b3a4-9f6f0c2d1e5d"},
    ("put", "/v1/fine-tuning/schedule"): {
        "provider": "together",
        "model": "openai/gpt-oss-20b",
        "minimum": 200,
        "dataset": "0196f8a2-5d3e-7c11-b3a4-9f6f0c2d1e5b",
    },
}

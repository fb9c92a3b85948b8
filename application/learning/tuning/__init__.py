"""Fine-tuning: a training set becomes a model of the tenant's own, at a vendor.

Begin in `request.py: request_tuning`, then `tune.py: tune`, the work that takes a job through all its steps. `tuned_model.py`: what it made goes
into the catalogue. `schedule.py`: a job a month.
"""

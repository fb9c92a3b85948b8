"""A tenant's catalogue: the shipped models and prices, and over them what was set for the tenant.

Begin in `catalogue.py: catalogue_of`. `price_file.py`: prices out of LiteLLM's file, taken over by `import_prices.py`.
"""

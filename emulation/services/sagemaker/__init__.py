"""SageMaker: training jobs, models and endpoints that compute."""

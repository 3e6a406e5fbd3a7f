"""What stands in for AWS's `sagemaker-model-monitor-analyzer` image: a program of the SageMaker
runtime that describes a dataset, suggests constraints, and tells what breaks a baseline.

File formats, names of environment variables and checks are those of Model Monitor's user guide.
How far two distributions are apart is computed as Deequ does, on which AWS's analyzer is built.
"""

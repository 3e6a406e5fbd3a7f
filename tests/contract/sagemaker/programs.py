"""What is trained and served, and the image that it runs in."""

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"

DOUBLE = """
import json, os
def model_fn(folder):
    print("loaded in", os.getpid(), os.environ["OMP_NUM_THREADS"], flush=True)
    return json.load(open(os.path.join(folder, "model.json")))["factor"]
def input_fn(body, content_type):
    return body if isinstance(body, bytes) else json.loads(body)
def predict_fn(data, factor):
    return data * 2 if isinstance(data, bytes) else [factor * x for x in data]
def output_fn(prediction, accept):
    if isinstance(prediction, bytes):
        return prediction, "application/octet-stream"
    return json.dumps(prediction), accept
"""

PID = """
import os, time
def model_fn(folder): return None
def transform_fn(model, body, content_type, accept):
    if body == "slow":
        print("taking my time", flush=True)
        time.sleep(2)
    if body == "die":
        os._exit(9)
    return str(os.getpid()), "text/plain"
"""

TRAIN = """
import json, os, sys
from pathlib import Path
print("arguments", sys.argv[1:])
print("channel", sorted(str(p.relative_to(os.environ["SM_CHANNEL_TRAIN"])) for p in
    Path(os.environ["SM_CHANNEL_TRAIN"]).rglob("*") if p.is_file()))
print("asked", os.environ["ASKED"], os.environ["TRAINING_JOB_NAME"], os.environ["SM_HP_RATE"])
print("loss=0.5", flush=True)
print("loss=0.25", file=sys.stderr, flush=True)
Path(os.environ["SM_MODEL_DIR"], "model.json").write_text(json.dumps({"w": 1}))
Path(os.environ["SM_OUTPUT_DATA_DIR"], "report.txt").write_text("fine")
"""

FOREVER = """
import os, signal, sys, time
from pathlib import Path
def save(*_):
    Path(os.environ["SM_MODEL_DIR"], "saved").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("pid", os.getpid(), flush=True)
time.sleep(600)
"""

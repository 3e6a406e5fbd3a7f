"""Mappings of queues, which LocalStack's poller reads."""


def test_messages_of_a_queue_arrive_and_are_deleted(function, queue, mapping, waiting, aws, bucket):
    code = (
        "import boto3, os\n"
        "def handler(event, context):\n"
        "    for record in event['Records']:\n"
        "        boto3.client('s3').put_object(Bucket=os.environ['BUCKET'], Key=record['body'])\n"
    )
    mapping(function(code), queue[1], BatchSize=10)
    sqs, s3 = aws("sqs"), aws("s3")
    for body in ("a", "b"):
        sqs.send_message(QueueUrl=queue[0], MessageBody=body)
    listed = lambda: s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 2  # noqa: E731
    waiting("both messages", listed)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = lambda: sqs.get_queue_attributes(QueueUrl=queue[0], AttributeNames=names)  # noqa: E731
    waiting("the empty queue", lambda: set(left()["Attributes"].values()) == {"0"})


def test_batches_of_a_queue_follow_each_other_closely(
    function, queue, mapping, waiting, aws, bucket
):
    code = (
        "import boto3, os\n"
        "s3 = boto3.client('s3')\n"
        "def handler(event, context):\n"
        "    s3.put_object(Bucket=os.environ['BUCKET'], Key=event['Records'][0]['body'])\n"
    )
    names = [f"{number:02}" for number in range(20)]
    for body in names:
        aws("sqs").send_message(QueueUrl=queue[0], MessageBody=body)
    mapping(function(code), queue[1], BatchSize=1)
    listed = lambda: aws("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == len(names)  # noqa: E731
    waiting("a batch for each message", listed, seconds=15)

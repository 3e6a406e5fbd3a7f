"""A killed emulator keeps what it has answered."""

import signal

ACCOUNT = "000000000000"


def test_killed_emulator_keeps_dashboards_and_copies(own_emulator, waiting):
    aws = own_emulator.aws
    aws("s3").create_bucket(Bucket="files")
    aws("s3").put_object(Bucket="files", Key="a.csv", Body=b"carrier,delay\nUA,5\n")
    manifest = b'{"fileLocations": [{"URIs": ["s3://files/a.csv"]}]}'
    aws("s3").put_object(Bucket="files", Key="m.json", Body=manifest)
    client = aws("quicksight")
    place = {"ManifestFileLocation": {"Bucket": "files", "Key": "m.json"}}
    source = client.create_data_source(
        AwsAccountId=ACCOUNT,
        DataSourceId="files",
        Name="files",
        Type="S3",
        DataSourceParameters={"S3Parameters": place},
    )
    columns = [{"Name": "carrier", "Type": "STRING"}, {"Name": "delay", "Type": "INTEGER"}]
    table = {"S3Source": {"DataSourceArn": source["Arn"], "InputColumns": columns}}
    made = client.create_data_set(
        AwsAccountId=ACCOUNT,
        DataSetId="files",
        Name="files",
        ImportMode="SPICE",
        PhysicalTableMap={"t": table},
    )

    def imported(client) -> bool:
        found = client.describe_ingestion(
            AwsAccountId=ACCOUNT, DataSetId="files", IngestionId=made["IngestionId"]
        )
        return found["Ingestion"]["IngestionStatus"] == "COMPLETED"

    waiting("the import", lambda: imported(client))
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()

    again = own_emulator.aws("quicksight")
    assert imported(again)
    found = again.describe_data_set(AwsAccountId=ACCOUNT, DataSetId="files")["DataSet"]
    assert found["ConsumedSpiceCapacityInBytes"] > 0

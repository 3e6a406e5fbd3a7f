"""DynamoDB: AWS's own engine behind the gateway, and what that engine leaves out."""

"""What LocalStack needs to run this repository without Docker: functions, DynamoDB, event replay."""

"""Lets LocalStack run this repository without Docker: functions, DynamoDB, metrics, event archives and replay."""

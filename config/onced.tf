# What onced needs: a state machine that waits and then invokes a Lambda function, its role, its queue of dead letters,
# an alarm, and the policy for onced itself.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "owner" {
  description = "The `owner` in onced's configuration. Its policy is for executions of that owner alone."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9]{1,16}$", var.owner))
    error_message = "An owner has 1 to 16 lower-case letters and digits."
  }
}

variable "function_arns" {
  description = "The functions that may be invoked, as ARNs or patterns of ARNs."
  type        = list(string)
}

variable "state_machine_name" {
  type    = string
  default = "OneTimeLambdaScheduler"
}

variable "alarm_topic_arns" {
  description = "The SNS topics that are told of failed executions."
  type        = list(string)
  default     = []
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  place = "${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}"
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = "${var.state_machine_name}-dead-letters"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${data.aws_partition.current.partition}:states:${local.place}:stateMachine:${var.state_machine_name}"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

data "aws_iam_policy_document" "state_machine" {
  statement {
    sid       = "Invoke"
    actions   = ["lambda:InvokeFunction"]
    resources = concat(var.function_arns, [for arn in var.function_arns : "${arn}:*"])
  }
  statement {
    sid       = "DeadLetters"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead_letters.arn]
  }
}

resource "aws_iam_role" "state_machine" {
  name               = var.state_machine_name
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "state_machine" {
  name   = "onced-state-machine"
  role   = aws_iam_role.state_machine.id
  policy = data.aws_iam_policy_document.state_machine.json
}

resource "aws_sfn_state_machine" "onced" {
  name     = var.state_machine_name
  type     = "STANDARD"
  role_arn = aws_iam_role.state_machine.arn

  definition = <<-JSON
    {
      "Comment": "Waits until invocationTime, then invokes the Lambda function functionName with payload. Used by onced.",
      "StartAt": "CountDownTimer",
      "States": {
        "CountDownTimer": {
          "Type": "Wait",
          "TimestampPath": "$.invocationTime",
          "Next": "InvokeLambda"
        },
        "InvokeLambda": {
          "Type": "Task",
          "Resource": "arn:${data.aws_partition.current.partition}:states:::lambda:invoke",
          "Parameters": {
            "FunctionName.$": "$.functionName",
            "Payload.$": "$.payload"
          },
          "TimeoutSeconds": 960,
          "Retry": [
            {
              "ErrorEquals": [
                "Lambda.ClientExecutionTimeoutException",
                "Lambda.ServiceException",
                "Lambda.AWSLambdaException",
                "Lambda.SdkClientException",
                "Lambda.TooManyRequestsException"
              ],
              "IntervalSeconds": 2,
              "MaxAttempts": 6,
              "BackoffRate": 2,
              "JitterStrategy": "FULL"
            }
          ],
          "Catch": [
            {
              "ErrorEquals": [
                "States.DataLimitExceeded"
              ],
              "ResultPath": "$.error",
              "Next": "ToDeadLetterQueue"
            },
            {
              "ErrorEquals": [
                "States.ALL"
              ],
              "ResultPath": "$.error",
              "Next": "ToDeadLetterQueue"
            }
          ],
          "End": true
        },
        "ToDeadLetterQueue": {
          "Type": "Task",
          "Resource": "arn:${data.aws_partition.current.partition}:states:::sqs:sendMessage",
          "Parameters": {
            "QueueUrl": "${aws_sqs_queue.dead_letters.url}",
            "MessageBody": {
              "execution.$": "$$.Execution.Id",
              "input.$": "$$.Execution.Input",
              "error.$": "$.error"
            }
          },
          "TimeoutSeconds": 60,
          "ResultPath": "$.sent",
          "Retry": [
            {
              "ErrorEquals": [
                "States.TaskFailed",
                "States.Timeout"
              ],
              "IntervalSeconds": 2,
              "MaxAttempts": 6,
              "BackoffRate": 2,
              "JitterStrategy": "FULL"
            }
          ],
          "Catch": [
            {
              "ErrorEquals": [
                "States.DataLimitExceeded"
              ],
              "ResultPath": "$.unsent",
              "Next": "Failed"
            },
            {
              "ErrorEquals": [
                "States.ALL"
              ],
              "ResultPath": "$.unsent",
              "Next": "Failed"
            }
          ],
          "Next": "Failed"
        },
        "Failed": {
          "Type": "Fail",
          "ErrorPath": "$.error.Error",
          "CausePath": "$.error.Cause"
        }
      }
    }
  JSON

  depends_on = [aws_iam_role_policy.state_machine]
}

resource "aws_cloudwatch_metric_alarm" "failed_executions" {
  alarm_name          = "${var.state_machine_name}-failed"
  alarm_description   = "An invocation that onced scheduled has failed for good. Its input is in the queue of dead letters."
  namespace           = "AWS/States"
  metric_name         = "ExecutionsFailed"
  dimensions          = { StateMachineArn = aws_sfn_state_machine.onced.arn }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
}

data "aws_iam_policy_document" "onced" {
  statement {
    sid       = "StateMachine"
    actions   = ["states:StartExecution", "states:ListExecutions", "states:DescribeStateMachine"]
    resources = [aws_sfn_state_machine.onced.arn]
  }
  statement {
    sid       = "OwnExecutions"
    actions   = ["states:DescribeExecution", "states:GetExecutionHistory", "states:StopExecution"]
    resources = ["arn:${data.aws_partition.current.partition}:states:${local.place}:execution:${var.state_machine_name}:${var.owner}-*"]
  }
}

resource "aws_iam_policy" "onced" {
  name        = "${var.state_machine_name}-onced-${var.owner}"
  description = "What onced may do. Attach it to the user or role that it runs as."
  policy      = data.aws_iam_policy_document.onced.json
}

output "state_machine_arn" {
  description = "The `state_machine` in onced's configuration."
  value       = aws_sfn_state_machine.onced.arn
}

output "onced_policy_arn" {
  value = aws_iam_policy.onced.arn
}

output "dead_letter_queue_url" {
  value = aws_sqs_queue.dead_letters.url
}

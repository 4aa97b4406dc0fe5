#!/usr/bin/env bash
# Updates a stack from .aws-sam/build, with the parameters that it has, and lets CloudFormation watch its alarms: when one
# rings until the watch is over, CloudFormation takes the whole update back and this command fails.
#
#     infra/deploy/github/roll-out.sh STACK CHANGE-SET [MINUTES]
set -euo pipefail
stack=$1 change=$2 minutes=${3:-15}
here=$(mktemp -d)
trap 'rm -r "$here"' EXIT

of_stack() { aws cloudformation "$1" --stack-name "$stack" --output json --query "$2"; }

sam package --template-file .aws-sam/build/template.yaml --resolve-s3 --output-template-file "$here/template.yaml" >/dev/null
bucket=$(aws cloudformation describe-stacks --stack-name aws-sam-cli-managed-default --output text \
    --query "Stacks[0].Outputs[?OutputKey=='SourceBucket'].OutputValue")
aws s3 cp --only-show-errors "$here/template.yaml" "s3://$bucket/$stack/$change.yaml"
url="https://$bucket.s3.$(aws configure get region || echo "$AWS_REGION").amazonaws.com/$stack/$change.yaml"

# A parameter that the new template no longer has would be refused.
aws cloudformation get-template-summary --template-url "$url" --output json --query 'Parameters[].ParameterKey' >"$here/known.json"
of_stack describe-stacks 'Stacks[0].Parameters[].ParameterKey' |
    jq --slurpfile known "$here/known.json" 'map(select(IN($known[0][])) | {ParameterKey: ., UsePreviousValue: true})' \
        >"$here/parameters.json"
# Alarms that say within minutes that a release is bad; those on queues ring after an hour.
names=$(aws cloudformation list-stack-resources --stack-name "$stack" --output text --query \
    "StackResourceSummaries[?contains(['ServerErrorsAlarm', 'FunctionFailuresAlarm', 'ErrorLinesAlarm', \
'DeletionSweeperSilentAlarm', 'SyncPlannerSilentAlarm'], LogicalResourceId)].PhysicalResourceId")
read -ra alarms <<<"$(tr '\n\t' '  ' <<<"$names")"
[ "${#alarms[@]}" = 5 ] || { echo "$stack has not the five alarms that a roll-out watches: ${alarms[*]}" >&2; exit 1; }
aws cloudwatch describe-alarms --alarm-names "${alarms[@]}" --output json \
    --query "{MonitoringTimeInMinutes: \`$minutes\`, RollbackTriggers: MetricAlarms[].{Arn: AlarmArn, Type: 'AWS::CloudWatch::Alarm'}}" \
    >"$here/watch.json"

aws cloudformation create-change-set --stack-name "$stack" --change-set-name "$change" --template-url "$url" \
    --parameters "file://$here/parameters.json" --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND \
    --rollback-configuration "file://$here/watch.json" >/dev/null
if ! aws cloudformation wait change-set-create-complete --stack-name "$stack" --change-set-name "$change"; then
    why=$(aws cloudformation describe-change-set --stack-name "$stack" --change-set-name "$change" --query StatusReason)
    case $why in
    *"didn't contain changes"* | *"No updates"*) echo "$stack is like that already"; exit 0 ;;
    *) echo "$why" >&2; exit 1 ;;
    esac
fi
aws cloudformation execute-change-set --stack-name "$stack" --change-set-name "$change"
aws cloudformation wait stack-update-complete --stack-name "$stack" || {
    echo "the update of $stack was taken back; its events in CloudFormation say why, docs/alarms.md what each alarm means" >&2
    exit 1
}

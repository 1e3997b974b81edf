#!/usr/bin/env bash
# Sets up the service in Google Cloud: accounts and their rights, the journal's tables, Cloud Run, Pub/Sub, Cloud Scheduler. It may be
# run again: what is there is brought to what this file says, and nothing is deleted. docs/deployment.md, "The service".
#
#   PROJECT_ID=… REGION=… VERSION=… NETWORK=… SUBNETWORK=… DATABASE_ADDRESS=… ORGANISATIONS="12 34" deploy/gcp/service.sh
#
# Before: the image is in REGION-docker.pkg.dev/PROJECT_ID/finops/finops:VERSION, the secret finops-db-password has a version, and the database
# `finops` with a user `finops` is at DATABASE_ADDRESS of the network. LAKE_JOB=finops schedules the lake's Cloud Run job, too.
set -feuo pipefail # -f: no word is a pattern of file names
: "${PROJECT_ID:?}" "${REGION:?}" "${VERSION:?}" "${NETWORK:?}" "${SUBNETWORK:?}" "${DATABASE_ADDRESS:?}"
ORGANISATIONS=${ORGANISATIONS:-}
SCHEDULE=${SCHEDULE:-30 */6 * * *}
LAKE_SCHEDULE=${LAKE_SCHEDULE:-20 */6 * * *}
LAKE_JOB=${LAKE_JOB:-}
export CLOUDSDK_CORE_PROJECT=$PROJECT_ID CLOUDSDK_CORE_DISABLE_PROMPTS=1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

SERVICE=finops-service@$PROJECT_ID.iam.gserviceaccount.com
PUSH=finops-push@$PROJECT_ID.iam.gserviceaccount.com
IMAGE=$REGION-docker.pkg.dev/$PROJECT_ID/finops/finops:$VERSION

for organisation in $ORGANISATIONS; do
  [[ $organisation =~ ^[A-Za-z0-9_-]+$ ]] || { echo "service.sh: '$organisation' is no id of an organisation" >&2; exit 2; }
done

exists() { gcloud "$@" >/dev/null 2>&1; }

service_account() {
  exists iam service-accounts describe "$1@$PROJECT_ID.iam.gserviceaccount.com" ||
    gcloud iam service-accounts create "$1" --display-name "$2"
}

set_up_accounts() {
  gcloud services enable run.googleapis.com pubsub.googleapis.com cloudscheduler.googleapis.com secretmanager.googleapis.com \
    iamcredentials.googleapis.com bigquery.googleapis.com
  service_account finops-service "finops: copies billing exports"
  service_account finops-push "finops: Pub/Sub calls the service as this account"
  # Runs jobs and makes datasets, which it then owns; no right on datasets of others.
  gcloud projects add-iam-policy-binding "$PROJECT_ID" --role roles/bigquery.user --member "serviceAccount:$SERVICE" --condition None
  gcloud secrets add-iam-policy-binding finops-db-password --role roles/secretmanager.secretAccessor --member "serviceAccount:$SERVICE"
}

deploy_service() {
  gcloud run jobs deploy finops-journal --region "$REGION" --image "$IMAGE" --command finops --args journal,migrate --service-account "$SERVICE" \
    --network "$NETWORK" --subnet "$SUBNETWORK" --vpc-egress private-ranges-only --max-retries 1 --task-timeout 5m \
    --set-env-vars "DB_HOST=$DATABASE_ADDRESS,DB_NAME=finops,DB_USER=finops,FINOPS__SERVICE__DB_SSL_MODE=required" \
    --set-secrets DB_PASSWORD=finops-db-password:latest --execute-now --wait
  local description
  description=$(mktemp)
  sed -e "s|OUR_PROJECT|$PROJECT_ID|g; s|REGION|$REGION|g; s|VERSION|$VERSION|g; s|SUBNETWORK|$SUBNETWORK|g; s|NETWORK|$NETWORK|g" \
    -e "s|DATABASE_ADDRESS|$DATABASE_ADDRESS|g" "$here/cloud-run-service.yaml" >"$description"
  gcloud run services replace "$description" --region "$REGION"
  rm -f "$description"
  gcloud run services add-iam-policy-binding finops-service --region "$REGION" --role roles/run.invoker --member "serviceAccount:$PUSH"
}

topic() { exists pubsub topics describe "$1" || gcloud pubsub topics create "$1"; }

set_up_messages() {
  local url agent verb topic_option=(--topic finops-jobs)
  url=$(gcloud run services describe finops-service --region "$REGION" --format 'value(status.url)')
  agent=service-$(gcloud projects describe "$PROJECT_ID" --format 'value(projectNumber)')@gcp-sa-pubsub.iam.gserviceaccount.com
  topic finops-jobs
  topic finops-jobs-dead
  # Without a subscription what is sent to a topic is gone.
  exists pubsub subscriptions describe finops-jobs-dead ||
    gcloud pubsub subscriptions create finops-jobs-dead --topic finops-jobs-dead --message-retention-duration 31d --expiration-period never
  verb=create
  if exists pubsub subscriptions describe finops-jobs; then
    verb=update
    topic_option=() # which cannot be changed
  fi
  # Google's limits: 600 s to answer, pauses up to 600 s. With 30 attempts a message is tried for at least four hours.
  gcloud pubsub subscriptions "$verb" finops-jobs "${topic_option[@]}" \
    --push-endpoint "$url/" --push-auth-service-account "$PUSH" --push-auth-token-audience "$url" --ack-deadline 600 \
    --min-retry-delay 30s --max-retry-delay 600s --dead-letter-topic finops-jobs-dead --max-delivery-attempts 30 \
    --message-retention-duration 7d --expiration-period never
  gcloud pubsub topics add-iam-policy-binding finops-jobs-dead --role roles/pubsub.publisher --member "serviceAccount:$agent"
  gcloud pubsub subscriptions add-iam-policy-binding finops-jobs --role roles/pubsub.subscriber --member "serviceAccount:$agent"
  # Projects from before April 2021 need it; newer ones lose nothing by it.
  gcloud iam service-accounts add-iam-policy-binding "$PUSH" --role roles/iam.serviceAccountTokenCreator --member "serviceAccount:$agent"
}

schedule_organisation() {
  local verb=create
  exists scheduler jobs describe "finops-organisation-$1" --location "$REGION" && verb=update
  gcloud scheduler jobs "$verb" pubsub "finops-organisation-$1" --location "$REGION" --schedule "$SCHEDULE" --time-zone Etc/UTC \
    --topic finops-jobs --message-body "{\"org_id\": \"$1\"}"
}

schedule_lake() {
  local verb=create
  service_account finops-schedule "finops: Cloud Scheduler starts the lake's job as this account"
  gcloud run jobs add-iam-policy-binding "$LAKE_JOB" --region "$REGION" --role roles/run.invoker \
    --member "serviceAccount:finops-schedule@$PROJECT_ID.iam.gserviceaccount.com"
  exists scheduler jobs describe finops-lake --location "$REGION" && verb=update
  gcloud scheduler jobs "$verb" http finops-lake --location "$REGION" --schedule "$LAKE_SCHEDULE" --time-zone Etc/UTC --max-retry-attempts 0 \
    --uri "https://run.googleapis.com/v2/projects/$PROJECT_ID/locations/$REGION/jobs/$LAKE_JOB:run" --http-method POST \
    --oauth-service-account-email "finops-schedule@$PROJECT_ID.iam.gserviceaccount.com"
}

set_up_accounts
deploy_service
set_up_messages
for organisation in $ORGANISATIONS; do schedule_organisation "$organisation"; done
[ -z "$LAKE_JOB" ] || schedule_lake

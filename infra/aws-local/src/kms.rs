//! KMS: the embedded service with its gaps closed. `Decrypt` with another key is refused, and answers name keys by ARN.
//! A changed key is on disk before the change is answered: a lost key would make all sealed data noise.

use std::sync::Arc;

use awsim_core::{AwsError, RequestContext, ServiceHandler as _};
use awsim_kms::KmsService;
use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::disk::Snapshots;
use crate::folder::Folder;
use crate::trouble::{DataError, Keeping, Trouble};
use crate::{ACCOUNT, KEY_ALIAS, REGION};

/// The embedded service begins a ciphertext with the id of its key, a UUID in ASCII.
const KEY_ID_LEN: usize = 36;

/// The KMS of the only account and region.
pub(crate) struct Kms {
    service: Arc<KmsService>,
    context: RequestContext,
    snapshots: Snapshots,
}

impl Kms {
    /// Restores the keys, and creates the first one when there is none yet. Tables without a key are refused: a new
    /// key would open nothing that lies there.
    pub(crate) async fn open(folder: Option<&Folder>, keeping: Keeping) -> Result<Self, DataError> {
        let service = Arc::new(KmsService::new());
        let snapshots = Snapshots::restore(service.clone(), folder.map(Folder::path), keeping)?;
        let context = RequestContext::new_with_account("kms", REGION, ACCOUNT);
        let kms = Self { service, context, snapshots };
        let file = folder.map(|folder| folder.path().join("kms.json")).unwrap_or_default();
        if folder.is_some_and(Folder::has_tables) && kms.key_id(KEY_ALIAS).await.is_err() {
            let cause = "the file with the keys is gone or empty, and the tables beside it hold data sealed under them";
            return Err(DataError::new(file, Trouble::KeysMissing, cause));
        }
        match kms.ensure_key().await {
            Ok(()) => Ok(kms),
            Err(error) => Err(kms.snapshots.failure().unwrap_or_else(|| {
                DataError::new(file, Trouble::System, format!("no key could be made: {}", error.message))
            })),
        }
    }

    async fn ensure_key(&self) -> Result<(), AwsError> {
        if self.key_id(KEY_ALIAS).await.is_ok() {
            return Ok(());
        }
        let created = self.call("CreateKey", json!({"Description": "Wraps data keys"})).await?;
        let target = created.pointer("/KeyMetadata/KeyId");
        self.call("CreateAlias", json!({"AliasName": KEY_ALIAS, "TargetKeyId": target})).await?;
        Ok(())
    }

    /// Answers one operation.
    pub(crate) async fn call(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        if operation == "Decrypt" {
            self.refuse_other_key(&input).await?;
        }
        let mut output = self.service.handle(operation, input, &self.context).await?;
        if uses_key(operation)
            && let Some(Value::String(id)) = output.get_mut("KeyId")
            && !id.starts_with("arn:")
        {
            *id = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}");
        }
        if !uses_key(operation) && !reads_only(operation) {
            self.snapshots.commit().await.map_err(|error| AwsError::internal(error.to_string()))?;
        }
        Ok(output)
    }

    async fn refuse_other_key(&self, input: &Value) -> Result<(), AwsError> {
        let Some(named) = input["KeyId"].as_str() else { return Ok(()) };
        let blob = input["CiphertextBlob"].as_str().and_then(|blob| BASE64.decode(blob.as_bytes()).ok());
        let Some(used) = blob.as_deref().and_then(|blob| blob.get(..KEY_ID_LEN)) else { return Ok(()) };
        if self.key_id(named).await?.as_bytes() == used {
            return Ok(());
        }
        let message = "The key ID in the request does not identify a CMK that can perform this operation.";
        Err(AwsError::bad_request("IncorrectKeyException", message))
    }

    async fn key_id(&self, named: &str) -> Result<String, AwsError> {
        let described = self.service.handle("DescribeKey", json!({"KeyId": named}), &self.context).await?;
        Ok(described.pointer("/KeyMetadata/KeyId").and_then(Value::as_str).unwrap_or_default().to_owned())
    }
}

fn uses_key(operation: &str) -> bool {
    matches!(operation, "Encrypt" | "Decrypt" | "Sign" | "Verify" | "GetPublicKey")
        || operation.starts_with("Generate")
}

fn reads_only(operation: &str) -> bool {
    ["Describe", "List", "Get"].iter().any(|verb| operation.starts_with(verb))
}

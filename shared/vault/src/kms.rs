//! Gets data keys from KMS: generated with `GenerateDataKey`, opened with `Decrypt`, both under the full context.
//!
//! Nothing is cached: each call is one call of KMS, and the function's role decides which uses it may touch.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::config::Builder;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use aws_types::SdkConfig;
use mooring_domain::Result;
use mooring_domain::base::ids::DataKeyId;
use mooring_domain::vault::keys::DataKey;
use mooring_domain::vault::keys::{KeyContext, WrappedKey};
use mooring_domain::vault::ports::{KeyGenerate, KeyOpen};
use zeroize::Zeroizing;

use crate::context::encryption_context;
use crate::key::OpenedKey;
use crate::{Config, answer, primitives, sealed};

/// How long a call of KMS may take. KMS answers in milliseconds; a call that hangs must leave the invocation time to
/// report it.
const PATIENCE: Duration = Duration::from_secs(3);

/// The KMS key source.
#[derive(Clone)]
pub struct Vault {
    client: Client,
    key_id: String,
}

impl Vault {
    /// Takes a client and the KMS key: an ARN, an id or an alias.
    pub fn new(client: Client, key_id: impl Into<String>) -> Self {
        Self { client, key_id: key_id.into() }
    }

    /// Builds the client and the configuration from a function's environment.
    pub fn from_env() -> Result<Self> {
        Ok(Self::reached_by(&mooring_aws::config("KMS"), Config::from_env()?.key_id))
    }

    /// Reaches KMS as `config` says, for a KMS key: an ARN, an id or an alias.
    pub fn reached_by(config: &SdkConfig, key_id: impl Into<String>) -> Self {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(PATIENCE).build();
        let client = Client::from_conf(Builder::from(config).timeout_config(timeouts).build());
        Self::new(client, key_id)
    }
}

#[async_trait]
impl KeyGenerate for Vault {
    async fn generate(&self, context: &KeyContext) -> Result<(Box<dyn DataKey>, WrappedKey)> {
        let request = self.client.generate_data_key().key_id(&self.key_id).key_spec(DataKeySpec::Aes256);
        let request = request.set_encryption_context(Some(encryption_context(context)));
        let made = request.send().await.map_err(|error| answer::not_made(&error))?;
        let id = DataKeyId(primitives::random().map_err(|_| sealed::failed())?);
        let key = opened(made.plaintext, id, context).ok_or_else(answer::odd)?;
        let blob = made.ciphertext_blob.ok_or_else(answer::odd)?.into_inner();
        Ok((Box::new(key), WrappedKey { id, blob }))
    }
}

#[async_trait]
impl KeyOpen for Vault {
    async fn open(&self, context: &KeyContext, wrapped: &WrappedKey) -> Result<Box<dyn DataKey>> {
        let request = self.client.decrypt().key_id(&self.key_id);
        let request = request.ciphertext_blob(Blob::new(wrapped.blob.clone()));
        let request = request.set_encryption_context(Some(encryption_context(context)));
        let answer = request.send().await.map_err(|error| answer::not_opened(&error))?;
        let key = opened(answer.plaintext, wrapped.id, context).ok_or_else(sealed::refused)?;
        Ok(Box::new(key))
    }
}

/// Takes the data key out of an answer, without a copy of its bytes.
fn opened(plaintext: Option<Blob>, id: DataKeyId, context: &KeyContext) -> Option<OpenedKey> {
    let secret = Zeroizing::new(plaintext?.into_inner());
    OpenedKey::new(secret, id, context.clone())
}

//! KMS: data keys bound to their context and their key.

use aws_sdk_kms::Client;
use aws_sdk_kms::operation::decrypt::{DecryptError, DecryptOutput};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use mooring_aws_local::KEY_ALIAS;

use crate::support::{kms, memory};

async fn decrypt(kms: &Client, blob: &Blob, key: &str, tenant: &str) -> Result<DecryptOutput, DecryptError> {
    let request =
        kms.decrypt().ciphertext_blob(blob.clone()).key_id(key).encryption_context("tenant", tenant);
    request.send().await.map_err(aws_sdk_kms::error::SdkError::into_service_error)
}

async fn data_key(kms: &Client) -> (Blob, Blob, String) {
    let request = kms.generate_data_key().key_id(KEY_ALIAS).key_spec(DataKeySpec::Aes256);
    let made = request.encryption_context("tenant", "t1").send().await.unwrap();
    (made.plaintext.unwrap(), made.ciphertext_blob.unwrap(), made.key_id.unwrap())
}

#[tokio::test]
async fn a_data_key_opens_with_its_context_only() {
    let aws = memory(1).await;
    let kms = kms(&aws);
    let (plain, blob, key_id) = data_key(&kms).await;
    assert!(key_id.starts_with("arn:aws:kms:eu-central-1:000000000000:key/"), "{key_id}");
    for key in [KEY_ALIAS, &key_id] {
        let opened = decrypt(&kms, &blob, key, "t1").await.unwrap();
        assert_eq!(opened.plaintext.unwrap(), plain);
        assert_eq!(opened.key_id.as_deref(), Some(key_id.as_str()));
    }
    assert!(decrypt(&kms, &blob, KEY_ALIAS, "t2").await.unwrap_err().is_invalid_ciphertext_exception());
    let mut torn = blob.into_inner();
    *torn.last_mut().unwrap() ^= 1;
    assert!(
        decrypt(&kms, &Blob::new(torn), KEY_ALIAS, "t1").await.unwrap_err().is_invalid_ciphertext_exception()
    );
}

#[tokio::test]
async fn another_key_is_refused() {
    let aws = memory(1).await;
    let kms = kms(&aws);
    let (_, blob, _) = data_key(&kms).await;
    let other = kms.create_key().send().await.unwrap().key_metadata.unwrap().key_id;
    assert!(decrypt(&kms, &blob, &other, "t1").await.unwrap_err().is_incorrect_key_exception());
    assert!(decrypt(&kms, &blob, "alias/unknown", "t1").await.unwrap_err().is_not_found_exception());
}

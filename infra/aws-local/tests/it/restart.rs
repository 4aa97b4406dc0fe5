//! A restart on the same directory keeps everything; a kill loses nothing that was sent.

use std::time::Duration;

use aws_sdk_kms::types::DataKeySpec;
use mooring_aws_local::{AwsLocal, DataError, Folder, KEY_ALIAS, LocalClock, Options, Trouble, env_vars};

use crate::support::{Dir, create_table, ddb, exists, kms, memory, on_disk, put, ses, sqs};
use crate::{ses as mail, sqs as queues};

#[tokio::test]
async fn a_restart_keeps_everything() {
    let dir = Dir::new();
    let first = on_disk(dir.path()).await;
    create_table(&ddb(&first.endpoints().dynamodb)).await;
    put(&ddb(&first.endpoints().dynamodb), "kept", None).await;
    let data_key = kms(&first).generate_data_key().key_id(KEY_ALIAS).key_spec(DataKeySpec::Aes256);
    let data_key = data_key.send().await.unwrap();
    let client = sqs(&first);
    let jobs = queues::queue(&client, "jobs", &[]).await;
    queues::send(&client, &jobs, "in flight", 0).await;
    queues::receive(&client, &jobs, 0).await.unwrap();
    queues::send(&client, &jobs, "delayed", 900).await;
    mail::send(&ses(&first), "Kept", "text").await;
    first.clock().advance(Duration::from_mins(10));
    let last = first.clock().now();
    first.shutdown().await.unwrap();

    let second = on_disk(dir.path()).await;
    assert!(second.clock().now() >= last);
    assert!(exists(&ddb(&second.endpoints().dynamodb), "kept").await);
    let opened =
        kms(&second).decrypt().ciphertext_blob(data_key.ciphertext_blob.unwrap()).send().await.unwrap();
    assert_eq!(opened.plaintext, data_key.plaintext);
    assert_eq!(second.mails()[0].subject, "Kept");
    let client = sqs(&second);
    let jobs = client.get_queue_url().queue_name("jobs").send().await.unwrap().queue_url.unwrap();
    assert!(jobs.starts_with(&second.endpoints().sqs), "{jobs}");
    assert_eq!(queues::receive(&client, &jobs, 0).await.unwrap().body.as_deref(), Some("in flight"));
    assert!(queues::receive(&client, &jobs, 0).await.is_none());
    second.clock().advance(Duration::from_mins(6));
    let delayed = queues::receive(&client, &jobs, 0).await;
    assert!(delayed.is_some());
    second.shutdown().await.unwrap();
}

/// A drop without a shutdown leaves on disk what a kill leaves.
#[tokio::test]
async fn a_kill_loses_no_key_and_no_sent_message() {
    let dir = Dir::new();
    let killed = on_disk(dir.path()).await;
    let client = sqs(&killed);
    let jobs = queues::queue(&client, "jobs", &[]).await;
    let sends = (0..20).map(|i| {
        let (client, jobs) = (client.clone(), jobs.clone());
        tokio::spawn(async move { queues::send(&client, &jobs, &format!("job {i}"), 0).await })
    });
    for send in sends.collect::<Vec<_>>() {
        send.await.unwrap();
    }
    let other = kms(&killed).create_key().send().await.unwrap().key_metadata.unwrap().key_id;
    drop(killed);

    let again = on_disk(dir.path()).await;
    kms(&again).describe_key().key_id(&other).send().await.unwrap();
    let client = sqs(&again);
    let mut left = 0;
    while queues::receive(&client, &jobs, 0).await.is_some() {
        left += 1;
    }
    assert_eq!(left, 20);
}

#[tokio::test]
async fn a_directory_serves_one_process() {
    let dir = Dir::new();
    let first = on_disk(dir.path()).await;
    let refused = Folder::open(dir.path()).unwrap_err();
    assert_eq!((refused.path.as_path(), refused.trouble), (dir.path(), Trouble::InUse));
    assert!(refused.cause.ends_with(&format!("process {}", std::process::id())), "{refused}");
    first.shutdown().await.unwrap();
    on_disk(dir.path()).await;
}

#[tokio::test]
async fn it_tells_the_variables() {
    let aws = memory(1).await;
    let vars = env_vars(aws.endpoints());
    assert!(vars.contains(&("AWS_ENDPOINT_URL_SESV2", aws.endpoints().ses.clone())));
}

/// Starts on a folder and returns why that is refused.
async fn refusal(dir: &Dir) -> DataError {
    let options = Options::on_disk(Folder::open(dir.path()).unwrap(), LocalClock::new(1));
    let Err(error) = AwsLocal::start(options).await else { panic!("it started") };
    error.downcast().unwrap()
}

/// Makes a folder with a table, a key and a queue.
async fn used() -> Dir {
    let dir = Dir::new();
    let first = on_disk(dir.path()).await;
    create_table(&ddb(&first.endpoints().dynamodb)).await;
    queues::queue(&sqs(&first), "jobs", &[]).await;
    first.shutdown().await.unwrap();
    dir
}

#[tokio::test]
async fn tables_without_the_keys_are_refused_and_stay() {
    let dir = used().await;
    let file = dir.path().join("kms.json");
    for lost in [None, Some(r#"{"buckets":[]}"#)] {
        std::fs::remove_file(&file).unwrap();
        if let Some(text) = lost {
            std::fs::write(&file, text).unwrap();
        }
        let refused = refusal(&dir).await;
        assert_eq!((refused.path.as_path(), refused.trouble), (file.as_path(), Trouble::KeysMissing));
        assert_eq!(std::fs::read_to_string(&file).ok().as_deref(), lost);
        std::fs::write(&file, "").unwrap();
    }
}

#[tokio::test]
async fn a_broken_file_is_named_and_stays_as_it_is() {
    for name in ["kms.json", "sqs.json", "dynamodb.sqlite"] {
        let dir = used().await;
        let file = dir.path().join(name);
        std::fs::write(&file, "no such thing").unwrap();
        let refused = refusal(&dir).await;
        assert_eq!((refused.path.as_path(), refused.trouble), (file.as_path(), Trouble::Broken), "{refused}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "no such thing");
    }
}

#[test]
fn a_folder_that_takes_no_files_is_refused_with_the_cause() {
    let dir = Dir::new();
    let file = dir.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    for (path, trouble) in [(file.clone(), Trouble::NoFolder), (file.join("below"), Trouble::NoFolder)] {
        let refused = Folder::open(&path).unwrap_err();
        assert_eq!((&refused.path, refused.trouble), (&path, trouble), "{refused}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}

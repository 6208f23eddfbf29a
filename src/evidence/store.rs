//! Where bundles are kept: a folder, S3, GCS or Azure, named by a URL. One key per request for evidence, so that storing again
//! after a crash replaces the same object. Not for making bundles and not for deciding how long they are kept.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::buffered::BufWriter;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, ObjectStoreScheme, RetryConfig};
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use url::Url;

/// Size of one part of an upload; the clouds ask for 5 MiB or more.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// Parts that are sent at once: together with the size they bound the memory of an upload.
const PARTS_IN_FLIGHT: usize = 2;
/// Bytes of the store's URL: with a bundle's key it must fit into a status.
const LONGEST_BASE: usize = 1024;
/// Beginnings of environment variables that configure a cloud's store. Others are not offered to it: `REGION` or `TOKEN`
/// of some other program would count.
const CLOUD_VARIABLES: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

/// A place for bundles.
#[derive(Debug, Clone)]
pub struct BundleStore {
    store: Arc<dyn ObjectStore>,
    prefix: Key,
    /// Shown to people, without credentials.
    base: String,
}

/// A stored bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub uri: String,
    pub size_bytes: u64,
}

/// Why a bundle could not be stored, looked up or deleted.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error(
        "the store's URL `{0}` cannot be used: {1}; accepted are file:///folder, s3://bucket/prefix, gs://bucket/prefix and az://container/prefix"
    )]
    Url(String, String),
    #[error("the bundle cannot be read: {0}")]
    Bundle(#[source] std::io::Error),
    #[error("the store failed: {0}")]
    Store(#[from] object_store::Error),
    #[error("the store holds {stored} bytes of a bundle of {sent} bytes")]
    Incomplete { sent: u64, stored: u64 },
}

impl BundleStore {
    /// Opens the store of a URL. A cloud's credentials and options come from the environment, under the names that the
    /// cloud's own tools use (`AWS_ACCESS_KEY_ID`, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME` ...).
    ///
    /// # Errors
    /// An unknown scheme, a URL with credentials, or a folder that cannot be made.
    pub fn from_url(text: &str) -> Result<Self, StoreError> {
        let refuse = |why: &str| StoreError::Url(shown(text), why.to_owned());
        let url = Url::parse(text).map_err(|error| refuse(&error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it must not hold credentials"));
        }
        if !["file", "s3", "gs", "az"].contains(&url.scheme()) {
            return Err(refuse("its scheme is unknown"));
        }
        if url.scheme() == "file" {
            let folder = url.to_file_path().map_err(|()| refuse("it names no absolute folder"))?;
            std::fs::create_dir_all(&folder).map_err(|error| refuse(&error.to_string()))?;
        }
        let is_clouds = |name: &str| CLOUD_VARIABLES.iter().any(|beginning| name.starts_with(beginning));
        let options =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let options =
            options.filter(|(name, _)| is_clouds(name)).map(|(name, value)| (name.to_ascii_lowercase(), value));
        let (store, prefix) = open(&url, options).map_err(|error| refuse(&error.to_string()))?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        if base.len() > LONGEST_BASE {
            return Err(refuse("it is too long for a status"));
        }
        Ok(Self { store, prefix, base })
    }

    /// Stores a bundle under `key`, replacing what is there, and returns its URI. In parts, so that memory stays small; a
    /// reader sees the whole object or none.
    ///
    /// # Errors
    /// The file cannot be read, the store fails, or it holds another number of bytes afterwards.
    pub async fn put(&self, key: &str, bundle: &Path) -> Result<String, StoreError> {
        let mut file = tokio::fs::File::open(bundle).await.map_err(StoreError::Bundle)?;
        let mut writer = BufWriter::with_capacity(self.store.clone(), self.key(key), PART_BYTES)
            .with_max_concurrency(PARTS_IN_FLIGHT);
        let sent = match tokio::io::copy(&mut file, &mut writer).await {
            Ok(sent) => sent,
            Err(error) => {
                // Parts that were sent already must not stay behind.
                let _ = writer.abort().await;
                return Err(StoreError::Bundle(error));
            }
        };
        writer.shutdown().await.map_err(StoreError::Bundle)?;
        let stored = self.store.head(&self.key(key)).await?.size;
        if stored != sent {
            return Err(StoreError::Incomplete { sent, stored });
        }
        Ok(self.uri(key))
    }

    /// What is stored under `key`, if anything.
    ///
    /// # Errors
    /// The store fails.
    pub async fn head(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        match self.store.head(&self.key(key)).await {
            Ok(object) => Ok(Some(Stored { uri: self.uri(key), size_bytes: object.size })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes what is stored under `key`; nothing there is no error.
    ///
    /// # Errors
    /// The store fails.
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        match self.store.delete(&self.key(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn key(&self, key: &str) -> Key {
        key.split('/').fold(self.prefix.clone(), |path, part| path.join(part))
    }

    fn uri(&self, key: &str) -> String {
        format!("{}/{key}", self.base)
    }
}

/// The store of a URL of a known scheme, and the path in it.
fn open(
    url: &Url,
    options: impl Iterator<Item = (String, String)>,
) -> Result<(Arc<dyn ObjectStore>, Key), object_store::Error> {
    /// With the options that this cloud knows.
    macro_rules! cloud {
        ($builder:ty) => {{
            let empty = <$builder>::new().with_url(url.as_str()).with_retry(retries());
            let builder = options.fold(empty, |builder, (name, value)| match name.parse() {
                Ok(name) => builder.with_config(name, value),
                Err(_) => builder,
            });
            Arc::new(builder.build()?)
        }};
    }
    let (scheme, path) = ObjectStoreScheme::parse(url)?;
    let store: Arc<dyn ObjectStore> = match scheme {
        ObjectStoreScheme::AmazonS3 => cloud!(AmazonS3Builder),
        ObjectStoreScheme::GoogleCloudStorage => cloud!(GoogleCloudStorageBuilder),
        ObjectStoreScheme::MicrosoftAzure => cloud!(MicrosoftAzureBuilder),
        _ => Arc::new(LocalFileSystem::new()),
    };
    Ok((store, path))
}

/// How often one request is repeated: a bundle has three attempts of its own, and what holds up one holds up others.
fn retries() -> RetryConfig {
    RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(60), ..RetryConfig::default() }
}

/// The key of a case's bundle. `request` tells one request for evidence of a case from the next; the same request has the
/// same key, so that there is exactly one bundle for it.
pub fn bundle_key(case_uid: &str, request: &str) -> String {
    let plain = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect()
    };
    format!("{}/{}.tar.gz", plain(case_uid), plain(request))
}

/// A URL for an error message, without what may be a password.
fn shown(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) => {
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.set_query(None);
            url.to_string()
        }
        Err(_) => text.chars().filter(|c| !c.is_control()).take(200).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn stored_once(store: &BundleStore, folder: &Path, content: &[u8]) -> String {
        let bundle = folder.join("bundle.tar.gz");
        std::fs::write(&bundle, content).unwrap();
        store.put(&bundle_key("uid-1", "2026-01-01T00:00:00Z"), &bundle).await.unwrap()
    }

    #[tokio::test]
    async fn storing_again_under_one_key_leaves_one_bundle_the_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("bundles");
        let store = BundleStore::from_url(&format!("file://{}", base.display())).unwrap();
        let key = bundle_key("uid-1", "2026-01-01T00:00:00Z");
        assert_eq!(store.head(&key).await.unwrap(), None);

        stored_once(&store, folder.path(), b"first").await;
        let uri = stored_once(&store, folder.path(), &vec![7; PART_BYTES + 5]).await;

        let stored = store.head(&key).await.unwrap().unwrap();
        assert_eq!((stored.size_bytes, &stored.uri), (PART_BYTES as u64 + 5, &uri));
        assert_eq!(std::fs::read(uri.strip_prefix("file://").unwrap()).unwrap().len(), PART_BYTES + 5);
        assert_eq!(std::fs::read_dir(base.join("uid-1")).unwrap().count(), 1);

        store.delete(&key).await.unwrap();
        store.delete(&key).await.unwrap();
        assert_eq!(store.head(&key).await.unwrap(), None);
    }

    #[test]
    fn a_url_that_cannot_be_used_says_what_is_accepted_and_shows_no_password() {
        let long = format!("s3://bucket/{}", "x".repeat(2000));
        for url in [long.as_str(), "ftp://host/x", "s3://user:hunter2@bucket/x", "bundles", "http://169.254.169.254/"] {
            let message = BundleStore::from_url(url).unwrap_err().to_string();
            assert!(message.contains("s3://bucket/prefix"), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_key_stays_below_its_case() {
        assert_eq!(bundle_key("u-1", "first"), "u-1/first.tar.gz");
        assert_eq!(bundle_key("../../etc", "a/b"), "------etc/a-b.tar.gz");
    }
}

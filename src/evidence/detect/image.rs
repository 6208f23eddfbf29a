//! Container image references, read the way the runtime reads them: registry ports, digests and tags apart.
//! Not for pulling, resolving or judging an image, and not for versions: those are [`super::version`]'s.

use thiserror::Error;

/// The longest reference that is looked at, in bytes. Registries accept far less; a longer one is somebody's joke.
const MAX_REFERENCE: usize = 1024;

/// Why a text is no image reference.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImageError {
    #[error("the image reference is empty")]
    Empty,
    #[error("the image reference is longer than {MAX_REFERENCE} bytes")]
    TooLong,
}

/// The parts of an image reference such as `harbor.corp:5000/mirror/pilot:1.30.3@sha256:…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Registry and repository, with no tag and no digest.
    pub repository: String,
    /// The text after the last colon behind the last slash.
    pub tag: Option<String>,
    /// `algorithm:hex`, as written after the `@`.
    pub digest: Option<String>,
}

impl Image {
    /// Splits a reference. The digest is cut first; a colon starts a tag only behind the last slash, else it is a
    /// registry's port (`localhost:5000/pilot`) or part of an IPv6 address.
    ///
    /// # Errors
    /// An empty or an absurdly long text. Everything else is some repository.
    pub fn parse(reference: &str) -> Result<Self, ImageError> {
        let reference = reference.trim();
        if reference.is_empty() {
            return Err(ImageError::Empty);
        }
        if reference.len() > MAX_REFERENCE {
            return Err(ImageError::TooLong);
        }
        let (name, digest) = match reference.split_once('@') {
            Some((name, digest)) if !digest.is_empty() => (name, Some(digest.to_owned())),
            Some((name, _)) => (name, None),
            None => (reference, None),
        };
        let behind_slash = name.rfind('/').map_or(0, |slash| slash + 1);
        let (repository, tag) = match name[behind_slash..].rfind(':') {
            Some(colon) => {
                let colon = behind_slash + colon;
                let tag = &name[colon + 1..];
                (&name[..colon], (!tag.is_empty()).then(|| tag.to_owned()))
            }
            None => (name, None),
        };
        Ok(Self { repository: repository.to_owned(), tag, digest })
    }

    /// The last part of the repository: `pilot` of `docker.io/istio/pilot`.
    pub fn name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or_default()
    }

    /// The digest alone, also where the reference is a status field such as `docker-pullable://…@sha256:…`.
    pub fn digest_of(reference: &str) -> Option<String> {
        let digest = reference.rsplit_once('@').map_or(reference, |(_, digest)| digest);
        let hex = digest.strip_prefix("sha256:")?;
        (hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit())).then(|| digest.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn a_tag_stands_behind_the_last_slash_and_a_port_does_not() {
        let digest = format!("sha256:{HEX}");
        let with_digest = format!("harbor.corp:5000/mirror/pilot@{digest}");
        let with_both = format!("pilot:1.30.3@{digest}");
        let table: [(&str, &str, Option<&str>, Option<&str>); 8] = [
            ("harbor.corp:5000/mirror/pilot", "pilot", None, None),
            (&with_digest, "pilot", None, Some(&digest)),
            (&with_both, "pilot", Some("1.30.3"), Some(&digest)),
            ("pilot", "pilot", None, None),
            ("localhost:5000/pilot:1.30.3-debug", "pilot", Some("1.30.3-debug"), None),
            ("[2001:db8::1]:5000/p:1.0.0", "p", Some("1.0.0"), None),
            ("10.1.1.5:443/mesh:proxyv2-1.9.1-am3", "mesh", Some("proxyv2-1.9.1-am3"), None),
            ("registry.istio.io/release/pilot:", "pilot", None, None),
        ];
        for (reference, name, tag, digest) in table {
            let image = Image::parse(reference).unwrap();
            assert_eq!(image.name(), name, "{reference}");
            assert_eq!(image.tag.as_deref(), tag, "{reference}");
            assert_eq!(image.digest.as_deref(), digest, "{reference}");
        }
    }

    #[test]
    fn an_empty_or_absurd_reference_is_an_error_and_no_panic() {
        assert_eq!(Image::parse(""), Err(ImageError::Empty));
        assert_eq!(Image::parse("  \t"), Err(ImageError::Empty));
        assert_eq!(Image::parse(&"x".repeat(5000)), Err(ImageError::TooLong));
        for odd in ["@", ":", "/", "a@", "é:ü@ß", "::::", "//:x"] {
            let _ = Image::parse(odd);
        }
    }

    #[test]
    fn the_digest_that_runs_is_read_from_a_status_reference() {
        let digest = format!("sha256:{HEX}");
        assert_eq!(Image::digest_of(&format!("docker-pullable://istio/pilot@{digest}")), Some(digest.clone()));
        assert_eq!(Image::digest_of(&digest), Some(digest));
        assert_eq!(Image::digest_of("docker.io/istio/pilot:1.30.3"), None);
        assert_eq!(Image::digest_of("sha256:abc"), None);
    }
}

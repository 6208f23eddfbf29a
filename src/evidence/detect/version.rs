//! Mesh versions: found in a tag, a label or an endpoint's answer, split into release, pre-release, vendor build and
//! image variant, and compared. Not for Kubernetes' own versions and not for support dates.

use std::cmp::Ordering;
use std::fmt;

/// The longest version text that is believed, in bytes.
pub const MAX_VERSION: usize = 128;

/// Image variants: the same code, packed another way. They are no part of a version.
const VARIANTS: [&str; 3] = ["distroless", "debug", "fips"];

/// Who built it, where the version says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// F5's Aspen Mesh: `-am3`.
    AspenMesh,
    /// Google's Cloud Service Mesh: `-asm.9`.
    Google,
    /// Google Kubernetes Engine's own add-ons: `-gke.9`.
    Gke,
    /// Tetrate's builds: `-tetrate-v0`, `-tetratefips-v0`.
    Tetrate,
    /// Solo.io's builds: `-solo`.
    Solo,
    /// Alibaba Service Mesh: `-aliyun`.
    Alibaba,
}

/// One version, e.g. `1.31.3-asm.9` of the tag `1.31.3-asm.9-distroless`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Major, minor, patch.
    pub release: [u32; 3],
    /// `alpha.0`, `rc.1`: older than the release itself.
    pub pre_release: Option<String>,
    /// The vendor's mark, and the number of the vendor's build.
    pub vendor: Option<(Vendor, u32)>,
    /// How the image was packed; no part of the version.
    pub variant: Option<String>,
    /// The vendor's mark as written.
    vendor_text: Option<String>,
}

impl Version {
    /// Finds the first `x.y.z` of a text and reads what follows as suffixes.
    /// Returns the version, and the text before it (Aspen Mesh writes the component there: `pilot-1.9.1-am3`).
    pub fn find(text: &str) -> Option<(Self, &str)> {
        if text.len() > MAX_VERSION || !is_plain(text) {
            return None;
        }
        let (start, end, release) = find_release(text)?;
        let mut version = Self { release, pre_release: None, vendor: None, variant: None, vendor_text: None };
        version.read_suffix(&text[end..]);
        Some((version, &text[..start]))
    }

    /// The version of a text that is nothing but a version (a label's value, an endpoint's answer).
    pub fn parse(text: &str) -> Option<Self> {
        Self::find(text.trim()).map(|(version, _)| version)
    }

    fn read_suffix(&mut self, suffix: &str) {
        let parts: Vec<&str> = suffix.split(['-', '+']).filter(|part| !part.is_empty()).collect();
        for (index, part) in parts.iter().enumerate() {
            let next = parts.get(index + 1).copied();
            if let Some((vendor, build, text)) = vendor_of(part, next) {
                self.vendor = Some((vendor, build));
                self.vendor_text = Some(text);
            } else if VARIANTS.contains(part) {
                self.variant = Some((*part).to_owned());
            } else if is_pre_release(part) && self.pre_release.is_none() {
                self.pre_release = Some((*part).to_owned());
            }
        }
    }

    /// How two versions stand to each other: release first, then pre-release, then the build where both are of one
    /// vendor. The variant counts nothing, and a vendor's build is no pre-release: `1.9.1-am3` is not older than `1.9.1`.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.release.cmp(&other.release).then_with(|| compare_pre(&self.pre_release, &other.pre_release)).then_with(
            || match (&self.vendor, &other.vendor) {
                (Some((left, a)), Some((right, b))) if left == right => a.cmp(b),
                _ => Ordering::Equal,
            },
        )
    }

    /// How many minor releases this one is ahead of the other (negative: behind). None across majors.
    pub fn minors_ahead_of(&self, other: &Self) -> Option<i64> {
        (self.release[0] == other.release[0]).then(|| i64::from(self.release[1]) - i64::from(other.release[1]))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.release;
        write!(f, "{major}.{minor}.{patch}")?;
        for part in [&self.pre_release, &self.vendor_text].into_iter().flatten() {
            write!(f, "-{part}")?;
        }
        Ok(())
    }
}

/// The version in an image's tag as the status shows it: the version without its variant; a text such as
/// `1.12-alpha.abc` that has no patch number is kept as it stands; `latest` says nothing.
pub fn of_tag(tag: &str) -> Option<String> {
    if let Some((version, _)) = Version::find(tag) {
        return Some(version.to_string());
    }
    let numbers = tag.strip_prefix('v').unwrap_or(tag);
    let (major, rest) = numbers.split_once('.')?;
    let numeric = !major.is_empty() && major.bytes().all(|b| b.is_ascii_digit());
    let plausible = numeric && rest.starts_with(|c: char| c.is_ascii_digit());
    (plausible && is_plain(tag) && tag.len() <= MAX_VERSION).then(|| tag.to_owned())
}

/// Reads what istiod's `/version` answers: `<version>-<git revision>[-dirty]-<status>`, read **from the right**, because the
/// version may itself hold dashes: `1.9.1-am3-<revision>-Clean` is `1.9.1-am3`.
/// Returns None for anything that is no such line (HTML, an empty or an endless answer).
pub fn of_endpoint(answer: &str) -> Option<String> {
    let line = answer.trim();
    if line.is_empty() || line.len() > MAX_VERSION || !is_plain(line) {
        return None;
    }
    let (rest, _status) = line.rsplit_once('-')?;
    let rest = rest.strip_suffix("-dirty").unwrap_or(rest);
    let (version, revision) = rest.rsplit_once('-')?;
    let is_revision = revision == "unknown" || (revision.len() >= 7 && revision.bytes().all(|b| b.is_ascii_hexdigit()));
    if !is_revision {
        return None;
    }
    match Version::parse(version) {
        Some(parsed) => Some(parsed.to_string()),
        None => of_tag(version),
    }
}

fn find_release(text: &str) -> Option<(usize, usize, [u32; 3])> {
    let bytes = text.as_bytes();
    let mut start = 0;
    while start < bytes.len() {
        let begins = bytes[start].is_ascii_digit() && (start == 0 || !bytes[start - 1].is_ascii_digit());
        if begins && let Some((end, release)) = release_at(text, start) {
            return Some((start, end, release));
        }
        start += 1;
    }
    None
}

fn release_at(text: &str, start: usize) -> Option<(usize, [u32; 3])> {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut numbers = [0; 3];
    for (index, number) in numbers.iter_mut().enumerate() {
        if index > 0 {
            if bytes.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let begin = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        *number = text[begin..at].parse().ok()?;
    }
    Some((at, numbers))
}

/// How a vendor's mark says which build it is.
#[derive(Clone, Copy)]
enum Build {
    /// By a number right behind it.
    Behind,
    /// By the next part: `v0`.
    NextPart,
    /// Not at all; what a dot begins is the vendor's own.
    Unnumbered,
}

/// The marks that vendors put into their versions.
const VENDORS: [(&str, Vendor, Build); 7] = [
    ("am", Vendor::AspenMesh, Build::Behind),
    ("asm.", Vendor::Google, Build::Behind),
    ("gke.", Vendor::Gke, Build::Behind),
    ("tetrate", Vendor::Tetrate, Build::NextPart),
    ("tetratefips", Vendor::Tetrate, Build::NextPart),
    ("solo", Vendor::Solo, Build::Unnumbered),
    ("aliyun", Vendor::Alibaba, Build::Unnumbered),
];

/// The vendor that a part of a suffix names, the build, and both as written.
fn vendor_of(part: &str, next: Option<&str>) -> Option<(Vendor, u32, String)> {
    VENDORS.into_iter().find_map(|(mark, vendor, build)| {
        let rest = part.strip_prefix(mark)?;
        let (build, text) = match build {
            Build::Behind => (rest.parse().ok()?, part.to_owned()),
            Build::NextPart if rest.is_empty() => {
                let build: Option<u32> = next.and_then(|next| next.strip_prefix('v')?.parse().ok());
                let text = build.map_or_else(|| part.to_owned(), |build| format!("{part}-v{build}"));
                (build.unwrap_or_default(), text)
            }
            Build::Unnumbered if rest.is_empty() || rest.starts_with('.') => (0, part.to_owned()),
            Build::NextPart | Build::Unnumbered => return None,
        };
        Some((vendor, build, text))
    })
}

fn is_pre_release(part: &str) -> bool {
    ["alpha", "beta", "rc", "dev"].iter().any(|mark| part.starts_with(mark))
}

fn compare_pre(left: &Option<String>, right: &Option<String>) -> Ordering {
    match (left, right) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => a.cmp(b),
    }
}

/// Printable ASCII without spaces: what a version consists of. A tenant's label may hold anything else.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap_or_else(|| panic!("{text} is a version"))
    }

    #[test]
    fn a_tag_is_split_into_release_vendor_and_variant() {
        let table = [
            ("1.30.3", "1.30.3", None, None),
            ("1.30.3-distroless", "1.30.3", None, Some("distroless")),
            ("1.20.3-tetrate-v0-distroless", "1.20.3-tetrate-v0", Some((Vendor::Tetrate, 0)), Some("distroless")),
            ("1.16.0-tetratefips-v0", "1.16.0-tetratefips-v0", Some((Vendor::Tetrate, 0)), None),
            ("1.31.3-asm.9", "1.31.3-asm.9", Some((Vendor::Google, 9)), None),
            ("1.9.1-am3", "1.9.1-am3", Some((Vendor::AspenMesh, 3)), None),
            ("1.31.0-rc.1", "1.31.0-rc.1", None, None),
            ("1.30.3-solo-fips", "1.30.3-solo", Some((Vendor::Solo, 0)), Some("fips")),
            ("v1.7.4.0-gabcdef0-aliyun", "1.7.4-aliyun", Some((Vendor::Alibaba, 0)), None),
            ("v1.15.10-gke.9", "1.15.10-gke.9", Some((Vendor::Gke, 9)), None),
        ];
        for (tag, shown, vendor, variant) in table {
            let found = version(tag);
            assert_eq!(found.to_string(), shown, "{tag}");
            assert_eq!(found.vendor, vendor, "{tag}");
            assert_eq!(found.variant.as_deref(), variant, "{tag}");
        }
    }

    #[test]
    fn the_component_stands_before_the_version_in_an_aspen_mesh_tag() {
        let (found, before) = Version::find("pilot-1.9.1-am3").unwrap();
        assert_eq!((found.to_string().as_str(), before), ("1.9.1-am3", "pilot-"));
        let (found, before) = Version::find("traffic-claim-enforcer-1.9.1-am3").unwrap();
        assert_eq!((found.to_string().as_str(), before), ("1.9.1-am3", "traffic-claim-enforcer-"));
    }

    #[test]
    fn a_tag_without_a_patch_number_is_kept_and_latest_says_nothing() {
        assert_eq!(of_tag("1.30.3-distroless").as_deref(), Some("1.30.3"));
        assert_eq!(of_tag("1.12-alpha.0123abc").as_deref(), Some("1.12-alpha.0123abc"));
        for silent in ["latest", "", "stable", "v", "sha-0123456", "1", "20240101"] {
            assert_eq!(of_tag(silent), None, "{silent}");
        }
    }

    #[test]
    fn a_vendors_build_is_no_pre_release_and_a_variant_is_no_difference() {
        assert_eq!(version("1.9.1-am3").compare(&version("1.9.1")), Ordering::Equal);
        assert_eq!(version("1.9.1-am3").compare(&version("1.9.1-am2")), Ordering::Greater);
        assert_eq!(version("1.30.3").compare(&version("1.30.3-distroless")), Ordering::Equal);
        assert_eq!(version("1.31.0-rc.1").compare(&version("1.31.0")), Ordering::Less);
        assert_eq!(version("1.30.10").compare(&version("1.30.9")), Ordering::Greater);
        assert_eq!(version("1.31.0").minors_ahead_of(&version("1.29.6")), Some(2));
        assert_eq!(version("2.0.0").minors_ahead_of(&version("1.29.6")), None);
    }

    #[test]
    fn the_running_endpoints_answer_is_read_from_the_right() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        let table = [
            (format!("1.30.3-{sha}-Clean"), Some("1.30.3")),
            (format!("1.9.1-am3-{sha}-Clean\n"), Some("1.9.1-am3")),
            (format!("1.30.3-{sha}-dirty-Modified"), Some("1.30.3")),
            ("1.31.0-unknown-Clean".to_owned(), Some("1.31.0")),
            (format!("1.12-alpha.77-{sha}-Clean"), Some("1.12-alpha.77")),
            ("<html><body>404</body></html>".to_owned(), None),
            ("1.30.3".to_owned(), None),
            (String::new(), None),
            ("1.31.0-x; rm -rf /-Clean".to_owned(), None),
            ("9".repeat(10_240), None),
        ];
        for (answer, expected) in table {
            assert_eq!(of_endpoint(&answer).as_deref(), expected, "{answer:.60}");
        }
    }

    #[test]
    fn hostile_version_texts_are_no_versions() {
        for text in ["", "…", "1.2.99999999999", "\u{1b}[31m1.2.3", &"1.2.3".repeat(100)] {
            assert_eq!(Version::parse(text), None, "{text:.40}");
        }
    }
}

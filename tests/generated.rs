//! Holds the checked-in definitions equal to the types. With `MESHCASE_UPDATE=1` (`make generate`) it writes them instead.
//! Not for: whether a server takes them (the cluster tests).

#![allow(clippy::expect_used, reason = "a test file: clippy exempts only the bodies of tests")]

use std::path::{Path, PathBuf};

const HEADER: &str = "# Generated from src/api by `make generate`. Do not edit.\n";

/// The plain files for `kubectl apply`, and the copy that the chart renders: Helm reads no file outside its chart.
const FOLDERS: [&str; 2] = ["crds", "charts/meshcase/files/crds"];

fn definitions() -> Vec<(String, String)> {
    meshcase::api::definitions()
        .expect("the definitions serialise")
        .into_iter()
        .map(|crd| {
            let name = crd["spec"]["names"]["plural"].as_str().expect("a plural name").to_owned();
            let yaml = serde_saphyr::to_string(&crd).expect("YAML");
            (format!("{name}.yaml"), format!("{HEADER}{yaml}"))
        })
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

#[test]
fn checked_in_definitions_are_those_of_the_types() {
    let update = std::env::var_os("MESHCASE_UPDATE").is_some_and(|value| value == "1");
    let mut stale = Vec::new();
    for folder in FOLDERS {
        let folder = root().join(folder);
        for (name, yaml) in definitions() {
            let path = folder.join(name);
            if update {
                std::fs::create_dir_all(&folder).expect("a folder");
                std::fs::write(&path, yaml).expect("a file");
            } else if std::fs::read_to_string(&path).ok().as_deref() != Some(yaml.as_str()) {
                stale.push(path);
            }
        }
    }
    assert!(stale.is_empty(), "run `make generate`: these differ from the types: {stale:?}");
}

#[test]
fn the_yaml_reads_back_as_what_was_written() {
    let written = meshcase::api::definitions().expect("the definitions serialise");
    for ((name, yaml), crd) in definitions().into_iter().zip(written) {
        let read: serde_json::Value = serde_saphyr::from_str(&yaml).expect("YAML");
        assert_eq!(read, crd, "{name}");
    }
}

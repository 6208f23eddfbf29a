//! Which of a cluster's meshes is the product that a contract covers (ruling 22a). Not for finding control planes
//! (`evidence::detect`), nor for what a version is worth (`contract.rs`).

use std::cmp::Reverse;

use super::contract::{is_production_release, numbers};

/// The mesh namespace of a contract that names none.
pub const DEFAULT_MESH_NAMESPACE: &str = "istio-system";

/// A control plane as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlPlane<'a> {
    pub place: Place<'a>,
    pub revision: Option<&'a str>,
    /// `None`: nothing tells it.
    pub version: Option<&'a str>,
    pub serves: Serves,
}

/// Where a control plane runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// In this cluster, with so many ready pods.
    Namespace { name: &'a str, ready_pods: i32 },
    /// The provider's, or in another cluster: no pod of it can be seen, but a webhook that leads to it.
    Elsewhere { webhook_in_use: bool },
}

/// Which of a case's proxies are connected to a control plane; the closest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Serves {
    #[default]
    None,
    /// Some of the case's namespace.
    Namespace,
    /// Some of the affected workloads.
    Affected,
}

/// The namespaces whose control planes may be the product: those that the contract names, else `istio-system`.
pub fn mesh_namespaces(named: &[String]) -> Vec<&str> {
    if named.is_empty() { vec![DEFAULT_MESH_NAMESPACE] } else { named.iter().map(String::as_str).collect() }
}

/// Ruling 22a: the place in `planes` of the one that is the product, if any is. `named` are the contract's mesh namespaces.
/// What runs elsewhere, is stopped or is left over counts for nothing; of several the ones that serve the affected workloads
/// are taken, else those that serve the namespace, and of these the newest version.
#[must_use]
pub fn product(named: &[String], planes: &[ControlPlane<'_>]) -> Option<usize> {
    let namespaces = mesh_namespaces(named);
    let running = |plane: &ControlPlane<'_>| match plane.place {
        Place::Namespace { name, ready_pods } => ready_pods > 0 && namespaces.contains(&name),
        Place::Elsewhere { webhook_in_use } => webhook_in_use,
    };
    let candidates = planes.iter().enumerate().filter(|(_, plane)| running(plane));
    // Of two that are equal in all that matters, always the same one.
    let rank = |plane: &ControlPlane<'_>| {
        let name = match plane.place {
            Place::Namespace { name, .. } => Some(name),
            Place::Elsewhere { .. } => None,
        };
        (plane.serves, plane.version.map(age), Reverse((name.map(str::to_owned), plane.revision.map(str::to_owned))))
    };
    candidates.max_by_key(|(_, plane)| rank(plane)).map(|(place, _)| place)
}

/// How new a version is: its numbers, then a production release before a pre-release, then the vendor's build. A known version
/// is newer than an unknown one.
fn age(version: &str) -> (Vec<u64>, bool, Vec<u64>) {
    let suffix = version.split_once('-').map_or("", |(_, suffix)| suffix);
    let builds = suffix.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
    (numbers(version), is_production_release(version), builds.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(namespace: &'static str, ready_pods: i32, version: &'static str) -> ControlPlane<'static> {
        ControlPlane {
            place: Place::Namespace { name: namespace, ready_pods },
            revision: Some("default"),
            version: Some(version),
            serves: Serves::None,
        }
    }

    fn elsewhere(webhook_in_use: bool) -> ControlPlane<'static> {
        let place = Place::Elsewhere { webhook_in_use };
        ControlPlane { place, revision: Some("ext"), version: None, serves: Serves::None }
    }

    fn of(named: &[&str], planes: &[ControlPlane<'_>]) -> Option<usize> {
        product(&named.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), planes)
    }

    #[test]
    fn ruling_22a_what_runs_elsewhere_is_stopped_or_left_over_decides_nothing() {
        let stopped = runs("a-sandbox", 0, "1.9.9");
        let strange = runs("a-sandbox", 3, "1.40.0");
        let old = runs("istio-system", 0, "1.20.0");
        let own = runs("istio-system", 1, "1.31.0");
        assert_eq!(of(&["istio-system"], &[stopped, strange, old, own]), Some(3));
        assert_eq!(of(&["istio-system"], &[stopped, strange, old]), None);
        assert_eq!(of(&["a-sandbox"], &[stopped, strange, old, own]), Some(1));
    }

    #[test]
    fn ruling_22a_a_contract_that_names_no_namespace_means_istio_system() {
        let planes = [runs("mesh", 1, "1.40.0"), runs("istio-system", 1, "1.31.0")];
        assert_eq!(of(&[], &planes), Some(1));
        assert_eq!(of(&["mesh", "istio-system"], &planes), Some(0));
    }

    #[test]
    fn ruling_22a_of_several_the_affected_workloads_count_then_the_namespace_then_the_newest_version() {
        let mut planes = [
            runs("istio-system", 1, "1.9.10"),
            runs("istio-system", 1, "1.31.0"),
            runs("istio-system", 1, "1.31.0-rc.1"),
            runs("istio-system", 1, "1.9.2"),
        ];
        assert_eq!(of(&[], &planes), Some(1));
        planes[0].serves = Serves::Namespace;
        planes[3].serves = Serves::Namespace;
        assert_eq!(of(&[], &planes), Some(0));
        planes[3].serves = Serves::Affected;
        assert_eq!(of(&[], &planes), Some(3));
    }

    #[test]
    fn ruling_22a_connections_to_a_control_plane_that_does_not_count_move_nothing() {
        let mut strange = runs("mesh", 1, "1.20.0");
        strange.serves = Serves::Affected;
        let mut down = runs("istio-system", 0, "1.20.0");
        down.serves = Serves::Affected;
        assert_eq!(of(&[], &[strange, down, runs("istio-system", 1, "1.31.0")]), Some(2));
    }

    #[test]
    fn ruling_22a_a_control_plane_elsewhere_counts_while_a_webhook_in_use_leads_to_it() {
        assert_eq!(of(&[], &[elsewhere(false)]), None);
        assert_eq!(of(&[], &[elsewhere(true)]), Some(0));
        // Its version is unknown: one that is known is newer, unless the case's proxies are connected to it.
        let mut planes = [elsewhere(true), runs("istio-system", 1, "1.31.0")];
        assert_eq!(of(&[], &planes), Some(1));
        planes[0].serves = Serves::Namespace;
        assert_eq!(of(&[], &planes), Some(0));
    }

    #[test]
    fn a_vendors_later_build_is_newer_and_the_order_of_the_list_does_not_matter() {
        let (old, new) = (runs("istio-system", 1, "1.9.1-am3"), runs("istio-system", 1, "1.9.1-am10"));
        assert_eq!((of(&[], &[old, new]), of(&[], &[new, old])), (Some(1), Some(0)));
        let (one, other) = (runs("a", 1, "1.31.0"), runs("b", 1, "1.31.0"));
        assert_eq!((of(&["a", "b"], &[one, other]), of(&["b", "a"], &[other, one])), (Some(0), Some(1)));
    }
}

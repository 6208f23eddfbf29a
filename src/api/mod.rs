//! What people write and read: the three kinds of the group `meshcase.io`, one file each, and the plan they share.
//! Not for: what follows from them (the domain), nor reading or writing them (the controllers). No client, no clock.

#![allow(clippy::duplicated_attributes, reason = "the lint takes the columns of one kind for repeats of each other")]

pub mod activity;
pub mod case;
pub mod case_status;
pub mod condition;
pub mod contract;
pub mod definition;
pub mod plan;
mod schema;

pub use activity::*;
pub use case::*;
pub use case_status::*;
pub use contract::*;
pub use definition::definitions;
pub use plan::*;

pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

/// The API group of all three kinds.
pub const GROUP: &str = "meshcase.io";
/// The one version served and stored.
pub const VERSION: &str = "v1alpha1";

/// For fields that are left out while they are false.
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}

/// The default of fields that are true unless said otherwise.
pub(crate) fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use kube::CustomResourceExt;

    use super::*;

    #[test]
    fn every_kind_has_a_definition() {
        let names = [SupportCase::crd_name(), SupportContract::crd_name(), SupportActivity::crd_name()];
        assert_eq!(
            names,
            ["supportcases.meshcase.io", "supportcontracts.meshcase.io", "supportactivities.meshcase.io"]
        );
        for crd in [SupportCase::crd(), SupportContract::crd(), SupportActivity::crd()] {
            assert!(crd.spec.versions[0].schema.is_some());
        }
    }
}

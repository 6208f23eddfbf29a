//! Which of the meshes in a status is the product: puts the question of `domain::product` for a case and for a contract. Not for the
//! rule itself.

use crate::api::{MeshPresence, MeshServes, MeshStatus, SupportContract};
use crate::domain::product::{ControlPlane, Place, Serves, product};

/// Ruling 22a: the mesh of a case, of those that its status holds. Without a contract none but the default namespace counts.
pub fn product_of_case<'a>(contract: Option<&SupportContract>, meshes: &'a [MeshStatus]) -> Option<&'a MeshStatus> {
    choose(contract, meshes, |mesh| match mesh.serves {
        Some(MeshServes::AffectedWorkloads) => Serves::Affected,
        Some(MeshServes::Namespace) => Serves::Namespace,
        None => Serves::None,
    })
}

/// Ruling 22a: the mesh that a contract covers in the cluster, whoever has a case.
pub fn product_of_contract<'a>(contract: &SupportContract, meshes: &'a [MeshStatus]) -> Option<&'a MeshStatus> {
    choose(Some(contract), meshes, |_| Serves::None)
}

/// The namespaces that `contract` names.
pub fn named_mesh_namespaces(contract: &SupportContract) -> &[String] {
    contract.spec.evidence.as_ref().map_or(&[], |evidence| &evidence.mesh_namespaces)
}

fn choose<'a>(
    contract: Option<&SupportContract>,
    meshes: &'a [MeshStatus],
    serves: fn(&MeshStatus) -> Serves,
) -> Option<&'a MeshStatus> {
    let own: Vec<&MeshStatus> = meshes.iter().filter(|mesh| mesh.presence != MeshPresence::Platform).collect();
    let planes: Vec<ControlPlane<'_>> = own
        .iter()
        .map(|mesh| ControlPlane {
            place: place(mesh),
            revision: mesh.revision.as_deref(),
            version: mesh.version.as_deref(),
            serves: serves(mesh),
        })
        .collect();
    let named = contract.map_or(&[][..], named_mesh_namespaces);
    product(named, &planes).and_then(|at| own.get(at).copied())
}

fn place(mesh: &MeshStatus) -> Place<'_> {
    let runs = mesh.presence == MeshPresence::Present;
    match &mesh.namespace {
        // A status of an earlier version does not tell how many: it called none present that was not there.
        Some(name) => Place::Namespace { name, ready_pods: mesh.ready_replicas.unwrap_or(i32::from(runs)) },
        None => Place::Elsewhere { webhook_in_use: runs },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn contract(namespaces: Value) -> SupportContract {
        serde_json::from_value(json!({
            "apiVersion": "meshcase.io/v1alpha1", "kind": "SupportContract", "metadata": {"name": "gold"},
            "spec": {"plan": "AspenMeshStandard", "term": {}, "evidence": {"meshNamespaces": namespaces}},
        }))
        .unwrap()
    }

    fn meshes(meshes: Value) -> Vec<MeshStatus> {
        serde_json::from_value(meshes).unwrap()
    }

    fn versions(contract: &SupportContract, meshes: &[MeshStatus]) -> (Option<String>, Option<String>) {
        let version = |mesh: Option<&MeshStatus>| mesh.and_then(|mesh| mesh.version.clone());
        (version(product_of_case(Some(contract), meshes)), version(product_of_contract(contract, meshes)))
    }

    #[test]
    fn ruling_22a_case_and_contract_ask_one_rule_and_only_a_case_has_workloads() {
        let meshes = meshes(json!([
            {"kind": "Istio", "namespace": "a-sandbox", "version": "1.9.9", "presence": "Stopped", "replicas": 0, "readyReplicas": 0},
            {"kind": "Istio", "namespace": "istio-system", "version": "1.30.1", "presence": "Present", "replicas": 1,
                "readyReplicas": 1, "serves": "AffectedWorkloads"},
            {"kind": "Istio", "namespace": "istio-system", "version": "1.31.0", "presence": "Present", "replicas": 1,
                "readyReplicas": 1, "serves": "Namespace"},
        ]));
        let both = versions(&contract(json!([])), &meshes);
        assert_eq!(both, (Some("1.30.1".to_owned()), Some("1.31.0".to_owned())));
        assert_eq!(versions(&contract(json!(["a-sandbox"])), &meshes), (None, None));
    }

    #[test]
    fn ruling_22a_a_control_plane_of_the_platform_is_nobodys_product() {
        let meshes = meshes(json!([{"kind": "Istio", "namespace": "openshift-ingress", "version": "1.27.3",
            "presence": "Platform", "replicas": 1, "readyReplicas": 1}]));
        assert_eq!(versions(&contract(json!(["openshift-ingress"])), &meshes), (None, None));
    }

    #[test]
    fn a_status_that_does_not_tell_of_ready_pods_is_read_as_it_was_meant() {
        let meshes = meshes(json!([
            {"kind": "Istio", "namespace": "istio-system", "version": "1.31.0", "presence": "Present"},
            {"kind": "Istio", "version": "1.40.0", "presence": "Residue"},
        ]));
        assert_eq!(versions(&contract(json!([])), &meshes).0.as_deref(), Some("1.31.0"));
    }
}

//! What the roles of the chart let its accounts and people do. Not for: what the admission policies add.

mod sweep;

use std::time::Duration;

use meshcase_lab::{COLLECTOR_ACCOUNT, Identity, Lab, OPERATOR_ACCOUNT, SYSTEM_NAMESPACE, wait_for};

use crate::quiet::quiet;

/// Role bindings from cluster roles to users, as YAML.
pub fn bindings(roles: &[(&str, &str)]) -> String {
    let bindings = roles.iter().map(|(role, name)| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: {role}-{name}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}\n\
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {name}}}]\n"
        )
    });
    bindings.collect::<Vec<_>>().join("---\n")
}

/// What `kubectl auth can-i` says.
async fn may(lab: &Lab, who: &Identity, question: &[&str]) -> bool {
    let output = lab.kubectl_as(who, &[&["auth", "can-i"], question].concat()).await.unwrap();
    match output.stdout.trim() {
        "yes" => true,
        "no" => false,
        _ => panic!("{question:?}: {output:?}"),
    }
}

/// A service account of the chart, with the groups that its token would bring.
fn account(name: &str) -> Identity {
    let groups = ["system:serviceaccounts", &format!("system:serviceaccounts:{SYSTEM_NAMESPACE}")];
    Identity::user(&format!("system:serviceaccount:{SYSTEM_NAMESPACE}:{name}"), &groups)
}

#[tokio::test]
async fn who_may_edit_a_namespace_opens_cases_in_it_and_who_may_view_it_sees_them() {
    let lab = quiet().await;
    let namespace = lab.namespace("aggregate").await.unwrap();
    let (editor, viewer) = (Identity::user("editor", &[]), Identity::user("viewer", &[]));
    lab.apply_in(&namespace, &bindings(&[("edit", "editor"), ("view", "viewer")])).await.unwrap();
    // kubectl reads `kind/name`: a subresource is a flag.
    let can = async |who: &Identity, verb: &str, kind: &str, subresource: &str| {
        may(lab, who, &[verb, kind, "--subresource", subresource, "--namespace", &namespace]).await
    };
    // A controller puts the chart's rules into Kubernetes' own roles.
    wait_for("the roles to be aggregated", Duration::from_secs(60), async || {
        let both = can(&editor, "create", "supportcases", "").await && can(&viewer, "list", "supportcases", "").await;
        both.then_some(())
    })
    .await
    .unwrap();
    assert!(can(&editor, "create", "supportactivities", "contact").await);
    assert!(!can(&editor, "create", "supportactivities", "vendor").await);
    assert!(!can(&editor, "delete", "supportactivities", "").await);
    assert!(!can(&editor, "patch", "supportcases", "status").await);
    assert!(!can(&viewer, "create", "supportcases", "").await);
    assert!(!may(lab, &editor, &["create", "supportcontracts"]).await);
}

#[tokio::test]
async fn the_operator_reads_no_logs_and_no_secrets_and_becomes_only_the_collector() {
    let lab = quiet().await;
    let collector = format!("serviceaccounts/{COLLECTOR_ACCOUNT}");
    let questions: [(&str, &[&str], bool); 17] = [
        (OPERATOR_ACCOUNT, &["get", "pods", "--subresource=log", "-A"], false),
        (OPERATOR_ACCOUNT, &["get", "pods", "--subresource=log", "-n", SYSTEM_NAMESPACE], false),
        (OPERATOR_ACCOUNT, &["get", "secrets", "-n", SYSTEM_NAMESPACE], false),
        (OPERATOR_ACCOUNT, &["list", "secrets", "-A"], false),
        (OPERATOR_ACCOUNT, &["list", "configmaps", "-A"], false),
        (OPERATOR_ACCOUNT, &["create", "pods", "--subresource=exec", "-A"], false),
        (OPERATOR_ACCOUNT, &["create", "pods", "--subresource=portforward", "-A"], false),
        (OPERATOR_ACCOUNT, &["create", "serviceaccounts", "--subresource=token", "-n", SYSTEM_NAMESPACE], false),
        (OPERATOR_ACCOUNT, &["impersonate", &collector, "-n", SYSTEM_NAMESPACE], true),
        (OPERATOR_ACCOUNT, &["impersonate", "serviceaccounts", "-n", SYSTEM_NAMESPACE], false),
        (OPERATOR_ACCOUNT, &["impersonate", &collector, "-n", "default"], false),
        (OPERATOR_ACCOUNT, &["impersonate", "users"], false),
        (OPERATOR_ACCOUNT, &["impersonate", "groups"], false),
        (COLLECTOR_ACCOUNT, &["get", "pods", "--subresource=log", "-A"], true),
        (COLLECTOR_ACCOUNT, &["list", "secrets", "-A"], false),
        (COLLECTOR_ACCOUNT, &["get", "secrets", "-n", SYSTEM_NAMESPACE], false),
        (COLLECTOR_ACCOUNT, &["create", "pods", "--subresource=exec", "-A"], false),
    ];
    for (name, question, expected) in questions {
        assert_eq!(may(lab, &account(name), question).await, expected, "{name}: {question:?}");
    }
}

//! What of a replay's input has no effect: it is well formed, and yet nothing follows from it. Not for: what is wrong with an
//! object; that is an error.

use std::collections::BTreeSet;

use kube::ResourceExt;

use super::world::{Object, World, case_key};

/// A line for each object without effect.
pub(super) fn without(world: &World) -> Vec<String> {
    let objects = || world.objects.iter().flat_map(|(_, versions)| versions.last()).map(|version| &version.object);
    let cases: BTreeSet<_> = objects()
        .filter_map(|object| match object {
            Object::Case(case) => Some((case.namespace().unwrap_or_default(), case.name_any())),
            _ => None,
        })
        .collect();
    let contracts: Vec<_> = objects()
        .filter_map(|object| match object {
            Object::Contract(contract) => Some(contract),
            _ => None,
        })
        .collect();
    let has_default = contracts.iter().any(|contract| contract.spec.default);
    let without_effect = objects().filter_map(|object| match object {
        Object::Activity(activity) => {
            let case = case_key(activity);
            (!cases.contains(&case)).then(|| {
                format!("SupportActivity {}: its case {}/{} is not in the input", activity.name_any(), case.0, case.1)
            })
        }
        Object::Case(case) => match &case.spec.contract_ref {
            Some(named) if !contracts.iter().any(|contract| contract.name_any() == named.name) => Some(format!(
                "SupportCase {}/{}: its contract {} is not in the input, so that nothing is promised",
                case.namespace().unwrap_or_default(),
                case.name_any(),
                named.name
            )),
            None if !has_default => Some(format!(
                "SupportCase {}/{}: it names no contract, and none in the input is the default",
                case.namespace().unwrap_or_default(),
                case.name_any()
            )),
            _ => None,
        },
        Object::Contract(_) => None,
    });
    without_effect.chain(doubled(world)).collect()
}

/// Two objects of one name that came at one time are no versions of one: only the last one counts.
fn doubled(world: &World) -> impl Iterator<Item = String> {
    let pairs = world.objects.iter().flat_map(|(_, versions)| versions.windows(2));
    pairs.filter_map(|pair| {
        let [Some(one), Some(other)] = [&pair[0].value, &pair[1].value] else { return None };
        let differ = pair[0].at == pair[1].at && one["spec"] != other["spec"];
        differ.then(|| {
            format!(
                "{} {}: two different ones came at one time, in {} and {}; the later in the input counts (the annotation \
                 meshcase.io/replay-at says when a version came)",
                other["kind"].as_str().unwrap_or_default(),
                pair[1].object.metadata().name.clone().unwrap_or_default(),
                pair[0].origin,
                pair[1].origin
            )
        })
    })
}

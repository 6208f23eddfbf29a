//! Which proxies are connected to which control plane. Pure. Not for recognising a proxy in a pod (`proxies`), and not for
//! control planes (`istio`).

use std::collections::BTreeMap;

use super::cluster::shown;
use super::image::Image;
use super::istio::is_same;
use super::observed::{NamespaceProxies, Observed, Proxies, ProxyGroup, Role};
use super::version::{self, Version};
use crate::api::{DataPlaneVersion, MeshPresence, MeshStatus};

/// Most versions of proxies that are shown of one control plane.
const MAX_SHOWN: usize = 16;

/// Where a group of proxies belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Link {
    /// To the control plane at this place of the list.
    Plane(usize),
    /// To none that is in this cluster or that a webhook leads to.
    Orphan,
    /// To one of several of the same revision; nothing tells to which.
    Unclear,
}

/// The names of revision tags, with the revisions that they stand for.
pub(super) type Tags = BTreeMap<String, String>;

/// The proxies of one namespace, by what they are connected to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Space {
    /// How many of each revision and version.
    pub links: BTreeMap<(Link, String, String), i32>,
    pub ztunnels: i32,
    pub ambient_pods: i32,
    /// See [`NamespaceProxies`].
    pub uncounted: i32,
    pub odd: i32,
}

pub(super) fn tags(observed: &Observed) -> Tags {
    let tags = observed.webhooks.items();
    tags.filter_map(|webhook| Some((webhook.tag.clone()?, webhook.revision.clone()?))).collect()
}

pub(super) fn space(proxies: &NamespaceProxies, planes: &[MeshStatus], tags: &Tags) -> Space {
    let NamespaceProxies { ref groups, ambient_pods, uncounted, odd } = *proxies;
    let mut space = Space { ambient_pods, uncounted, odd, ..Space::default() };
    for (group, count) in groups {
        match group.role {
            Role::Ztunnel => space.ztunnels += count,
            Role::Proxy => {
                let link = link(group, planes, tags);
                let key = (link, revision(group, planes, tags).to_owned(), version_of(group));
                *space.links.entry(key).or_default() += count;
            }
        }
    }
    space
}

/// What a group of proxies is connected to: of the control planes of its revision the one in the namespace that it asks; where it
/// does not say, the one of its own version, else of its minor release. Revisions are not unique in a cluster.
pub(super) fn link(group: &ProxyGroup, planes: &[MeshStatus], tags: &Tags) -> Link {
    let revision = revision(group, planes, tags);
    let of_revision: Vec<usize> =
        (0..planes.len()).filter(|at| planes[*at].revision.as_deref() == Some(revision)).collect();
    let candidates: Vec<usize> = match &group.asks {
        // A control plane elsewhere has no namespace here, and is asked by whatever name it was given.
        Some(asked) => {
            let may = |at: &usize| planes[*at].namespace.as_ref().is_none_or(|namespace| namespace == asked);
            of_revision.into_iter().filter(may).collect()
        }
        None => of_revision,
    };
    if let [] | [_] = candidates[..] {
        return candidates.first().map_or(Link::Orphan, |at| Link::Plane(*at));
    }
    let version = version_of(group);
    let is = |at: &&usize| planes[**at].version.as_deref().is_some_and(|plane| is_same(plane, &version));
    let near = |at: &&usize| {
        let plane = planes[**at].version.as_deref().and_then(Version::parse);
        plane.zip(Version::parse(&version)).is_some_and(|(plane, proxy)| plane.minors_ahead_of(&proxy) == Some(0))
    };
    let runs = |at: &&usize| is(at) && planes[**at].presence == MeshPresence::Present;
    let one = |wanted: &dyn Fn(&&usize) -> bool| {
        let mut found = candidates.iter().filter(wanted);
        found.next().filter(|_| found.next().is_none())
    };
    one(&is).or_else(|| one(&runs)).or_else(|| one(&near)).map_or(Link::Unclear, |at| Link::Plane(*at))
}

/// The revision of a group; a tag stands for another, unless a control plane is called so.
fn revision<'a>(group: &'a ProxyGroup, planes: &[MeshStatus], tags: &'a Tags) -> &'a str {
    let named = group.revision.as_str();
    let is_known = planes.iter().any(|plane| plane.revision.as_deref() == Some(named));
    tags.get(named).filter(|_| !is_known).map_or(named, String::as_str)
}

/// The version of proxies: of the image's tag, else that there is none. An injected proxy bears its mesh's version in
/// the tag; labels on an application's pod are the application's own.
fn version_of(group: &ProxyGroup) -> String {
    let tag = Image::parse(&group.image).ok().and_then(|image| image.tag);
    match (tag.as_deref().and_then(version::of_tag), &group.digest) {
        (Some(version), _) => shown(&version),
        (None, Some(digest)) => shown(&format!("unknown ({digest})")),
        (None, None) => "unknown".to_owned(),
    }
}

/// The versions of all proxies of `spaces` with a link, by revision, the most frequent first.
pub(super) fn versions(spaces: &[Space], of: Link) -> Vec<DataPlaneVersion> {
    let mut counts: BTreeMap<(&str, &str), i32> = BTreeMap::new();
    for ((link, revision, version), count) in spaces.iter().flat_map(|space| &space.links) {
        if *link == of {
            *counts.entry((revision, version)).or_default() += count;
        }
    }
    let version = |((revision, version), count): ((&str, &str), i32)| DataPlaneVersion {
        version: version.to_owned(),
        count,
        revision: Some(revision.to_owned()),
    };
    let mut versions: Vec<_> = counts.into_iter().map(version).collect();
    most_frequent_first(&mut versions);
    versions
}

/// Tells each control plane what is connected to it in the whole cluster.
pub(super) fn attach(planes: &mut [MeshStatus], proxies: &Proxies, tags: &Tags) {
    let mut found: BTreeMap<usize, BTreeMap<String, i32>> = BTreeMap::new();
    for here in proxies.by_namespace.values() {
        for ((link, _, version), count) in space(here, planes, tags).links {
            if let Link::Plane(at) = link {
                *found.entry(at).or_default().entry(version).or_default() += count;
            }
        }
    }
    for (at, counts) in found {
        let revision = planes[at].revision.clone();
        let version = |(version, count)| DataPlaneVersion { version, count, revision: revision.clone() };
        let mut versions: Vec<DataPlaneVersion> = counts.into_iter().map(version).collect();
        most_frequent_first(&mut versions);
        versions.truncate(MAX_SHOWN);
        planes[at].data_plane = versions;
    }
}

fn most_frequent_first(versions: &mut [DataPlaneVersion]) {
    versions.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.version.cmp(&b.version)));
}

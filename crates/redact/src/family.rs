//! The families of secrets: the word that a token shows in a secret's place. Not for: finding them; see the rule table.

use serde::Serialize;

/// What kind of value a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    PrivateKey,
    Jwt,
    Header,
    UrlCredential,
    ConnectionString,
    QuerySecret,
    Aws,
    Gcp,
    Azure,
    Cloud,
    CodeHost,
    Registry,
    Chat,
    Payment,
    Mail,
    Monitoring,
    Ai,
    Saas,
    Kubernetes,
    Vault,
    Mesh,
    Password,
    UserRule,
    Address,
    Subnet,
    Email,
    Host,
}

impl Family {
    /// Every family, in the order of the documentation.
    pub const ALL: [Self; 27] = [
        Self::PrivateKey,
        Self::Jwt,
        Self::Header,
        Self::UrlCredential,
        Self::ConnectionString,
        Self::QuerySecret,
        Self::Aws,
        Self::Gcp,
        Self::Azure,
        Self::Cloud,
        Self::CodeHost,
        Self::Registry,
        Self::Chat,
        Self::Payment,
        Self::Mail,
        Self::Monitoring,
        Self::Ai,
        Self::Saas,
        Self::Kubernetes,
        Self::Vault,
        Self::Mesh,
        Self::Password,
        Self::UserRule,
        Self::Address,
        Self::Subnet,
        Self::Email,
        Self::Host,
    ];

    /// The word inside a token.
    pub fn name(self) -> &'static str {
        match self {
            Self::PrivateKey => "private-key",
            Self::Jwt => "jwt",
            Self::Header => "header",
            Self::UrlCredential => "url-credential",
            Self::ConnectionString => "connection-string",
            Self::QuerySecret => "query-secret",
            Self::Aws => "aws",
            Self::Gcp => "gcp",
            Self::Azure => "azure",
            Self::Cloud => "cloud",
            Self::CodeHost => "code-host",
            Self::Registry => "registry",
            Self::Chat => "chat",
            Self::Payment => "payment",
            Self::Mail => "mail",
            Self::Monitoring => "monitoring",
            Self::Ai => "ai",
            Self::Saas => "saas",
            Self::Kubernetes => "kubernetes",
            Self::Vault => "vault",
            Self::Mesh => "mesh",
            Self::Password => "password",
            Self::UserRule => "user-rule",
            Self::Address => "ip",
            Self::Subnet => "subnet",
            Self::Email => "email",
            Self::Host => "host",
        }
    }

    /// The family of a token's word.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }

    /// Letters that tell the value, 6 bits each; see [`super::token`].
    pub(super) fn value_letters(self) -> usize {
        match self {
            Self::Address | Self::Subnet | Self::Email | Self::Host => 6,
            _ => 4,
        }
    }
}

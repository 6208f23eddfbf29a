//! Secrets known by the structure around them: keys, headers, URLs, names. Not for: vendors' token shapes.

use super::super::family::Family;
use super::super::rule::{Detector, Expression, Rule};
use super::super::value;
use super::row;

fn not_harmless(found: &[u8]) -> bool {
    !value::is_harmless(found)
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "private-key",
        family: Family::PrivateKey,
        finds: "PEM blocks of private keys, also with escaped line ends or a prefix before each line",
        detector: Detector::Pem,
        positive: &["⟦-----BEGIN RSA PRI{}VATE KEY-----\n{b64}\n{b64}\n{b40}\n-----END RSA PRI{}VATE KEY-----⟧"],
        negative: &["-----BEGIN CERTIFICATE-----\n{b64}\n-----END CERTIFICATE-----"],
    },
    row(
        "jwt",
        Family::Jwt,
        "JSON Web Tokens and encrypted ones",
        Expression::new(&["eyJ", "ewo", "eyA", "ey4"], r"ey[A-Za-z0-9_-]{10,}\.ey[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)?|eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}").reach(8192),
        &["⟦{jwt}⟧"],
        &["keyA.keyB.keyC"],
    ),
    row(
        "authorization-header",
        Family::Header,
        "credentials of Authorization and Proxy-Authorization headers",
        Expression::new(&["authorization"], r#"(?i)authorization[\\"'\])]{0,8}[ \t]{0,4}[:=,][ \t]{0,4}[\[\\"']{0,8}(?:(?:basic|bearer|digest|negotiate|ntlm|token|apikey|aws4-hmac-sha256|splunk|key|bot|hawk|oauth)[ :+]{1,3}|%20)?([^\s"'\\,;\]})<>]{6,}(?:,? ?[a-zA-Z]{2,20}="?[^\s",\\]+"?){0,16})"#).reach(4096).check(not_harmless),
        &["Authorization: Bearer ⟦{a40}⟧", "authorization: Basic ⟦{b30}==⟧"],
        &["authorization: Bearer ${TOKEN}", "Authorization: none"],
    ),
    row(
        "cookie-header",
        Family::Header,
        "values of Cookie and Set-Cookie headers",
        Expression::new(&["cookie"], r#"(?i)cookie[\\"'\])]{0,8}[ \t]{0,4}[:=][ \t]{0,4}[\[\\"']{0,8}([A-Za-z0-9_.-]{1,64}=[^\s"'\\<>]{4,}(?:; ?[A-Za-z0-9_.-]+(?:=[^\s"'\\<>;]*)?;?)*)"#).reach(4096).check(not_harmless),
        &["Cookie: ⟦session={a32}; other={a20}⟧"],
        &["cookie: none"],
    ),
    row(
        "url-password",
        Family::UrlCredential,
        "passwords in URLs",
        Expression::new(&["://"], r"://[^\s/:@'\x22<>\\]{0,128}:([^\s/@'\x22<>\\]{1,512})@[A-Za-z0-9\[_%$.{-]").check(not_harmless),
        &["postgres://admin:⟦{a12}⟧@db.prod.svc:5432/app"],
        &["http://example.com:8080/a@b", "https://user:${PASSWORD}@host/"],
    ),
    row("go-dsn", Family::ConnectionString, "passwords of Go database names", Expression::new(&["@tcp(", "@unix("], r#"[\w.-]+:([^\s:@/"']{1,120})@(?:tcp|unix)\("#).lead(140).check(not_harmless), &["root:⟦{a12}⟧@tcp(db:3306)/app"], &["root:${PASS}@tcp(db:3306)/app"]),
    row("query-secret", Family::QuerySecret, "tokens, codes and signatures in query strings", Expression::new(&["x-amz-signature=", "x-amz-credential=", "x-amz-security-token=", "x-goog-signature=", "x-goog-credential=", "sig=", "code=", "_token=", "signature=", "assertion=", "ticket=", "code_verifier=", "apikey=", "api_key=", "key="], r#"(?i)[?&;](?:amp;)?(?:x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential)|sig|code|[a-z_]{0,24}token|signature|(?:client_)?assertion|ticket|code_verifier|api_?key|key)=([^\s&"'<>\\#]{8,})"#).lead(32).check(value::token), &["GET /x?X-Amz-Signature=⟦{h64}⟧&y=1", "GET /cb?code=⟦{a30}⟧&state=1"], &["GET /x?code=internal-error", "GET /x?key=configmaps"]),
    row("command-user", Family::UrlCredential, "user and password arguments of curl, wget, sshpass, mysql and registry logins", Expression::new(&["curl", "wget", "sshpass", "mysql", "login "], r#"(?:curl|wget)\s[^\n]{0,400}?(?:-u|--user)[ =]?['"]?[^\s:'"$]{1,64}:([^\s'"]{2,})|sshpass\s+-p\s?['"]?([^\s'"]{2,})|mysql(?:dump|admin)?\s[^\n]{0,120}?\s-p['"]?([^\s'"]{2,})|login\s[^\n]{0,120}?\s-p[ =]?['"]?([^\s'"]{2,})"#).check(not_harmless), &["curl -u admin:⟦{a14}⟧ https://host/", "sshpass -p ⟦{a12}⟧ ssh host"], &["curl -u admin:$PASS https://host/", "chown -u root:wheel2 x -> -u user:"]),
    row("netrc", Family::UrlCredential, "passwords of .netrc files", Expression::new(&["login "], r"login\s+\S{1,64}\s+password\s+(\S{2,})").check(not_harmless), &["machine h login bob password ⟦{a12}⟧"], &["login bob password ${X}"]),
    row("identified-by", Family::ConnectionString, "passwords in SQL statements", Expression::new(&["identified by", "with password", "password '"], r#"(?i)(?:identified\s+(?:with\s+\S+\s+)?by|password)\s+(?:password\s+)?\\?['"]([^'"\\]{1,200})|with\s+password\s+\\?['"]([^'"\\]{1,200})"#).check(not_harmless), &["CREATE USER x IDENTIFIED BY '⟦open sesame {a6}⟧'"], &["IDENTIFIED BY '***'"]),
    row("password-hash", Family::Password, "password hashes of crypt, bcrypt, Apache and Argon2", Expression::new(&["$2a$", "$2b$", "$2y$", "$apr1$", "$1$", "$5$", "$6$", "$y$", "$argon2", "{SHA}", "{SSHA}"], r"\$2[aby]\$[0-9]{2}\$[A-Za-z0-9./]{53}|\$(?:apr1|1|5|6|y)\$(?:rounds=[0-9]+\$)?[A-Za-z0-9./]{1,32}\$[A-Za-z0-9./$]{20,}|\$argon2(?:id|i|d)\$[A-Za-z0-9=,$+/]{30,}|\{S?SHA\}[A-Za-z0-9+/=]{20,}"), &["⟦$2y$10${a53}⟧", "⟦$6${a8}${a86}⟧"], &["cost $1$ and $5$"]),
    row("client-certificate-header", Family::Header, "certificates in x-forwarded-client-cert", Expression::new(&["cert="], r#"(?i)(?:cert|chain)=\\?"?((?:-|%2D){5}BEGIN[^",;\\]{20,})"#).reach(16384), &["x-forwarded-client-cert: Hash=1;Cert=\"⟦%2D%2D%2D%2D%2DBEGIN%20CERT{a80}⟧\";Subject=x"], &["Cert=none"]),
    row("bearer", Family::Header, "bearer tokens outside their header", Expression::new(&["bearer"], r#"(?i)bearer(?:\s|%20|\+){1,2}["'\\]{0,2}([A-Za-z0-9._~+/=-]{12,})"#).reach(8192).check(value::token), &["got bearer ⟦{a40}⟧ from"], &["bearer authentication-required", "Bearer realm=\"x\""]),
    row("basic", Family::Header, "basic credentials outside their header", Expression::new(&["basic "], r"(?i)basic\s([A-Za-z0-9+/_-]{8,}={0,2})").check(value::is_basic_credential), &["using Basic ⟦dXNlcjpodW50ZXIy⟧"], &["basic authentication", "Basic information"]),
    row("spoken-secret", Family::Password, "sentences that tell a password", Expression::new(&[" is the ", " is my ", " is your "], r#"[^\s"']{6,128} is (?:the|my|your) (?:[a-z]+ )?(?:password|passphrase|token|secret|api key|key)\b"#).lead(130).check(value::spoken), &["# ⟦{a16} is the password⟧"], &["this field is the token to use"]),
    row("told-password", Family::Password, "a password told after the word", Expression::new(&["password", "passphrase", "passcode", "passwd", "secret", "token", "key"], r#"(?i)(?:password|passphrase|passcode|passwd|secret|token|api key)(?: for [^\s"']{1,64})? (?:is|was|set to|changed to|now|of)[: ]{1,2}["'`]?([^\s"'`]{6,})"#).check(value::spoken_value), &["temporary password is ⟦{a12}⟧ for now"], &["the password is required", "token is expired", "secret was deleted"]),
    row("consul-secret-id", Family::Mesh, "secret ids of Consul and Vault, and Consul tokens", Expression::new(&["secretid", "secret_id", "consul-token", "consul_http_token", "vault-token", "agent_token"], r#"(?i)(?:secret_?id|consul[_-](?:http[_-])?token|vault-token|agent_token)["\\' ]{0,12}[:= ][\s"\\']{0,16}([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"#), &["SecretID:         ⟦{uuid}⟧", "X-Consul-Token: ⟦{uuid}⟧"], &["AccessorID: {uuid}"]),
    row("service-uuid-key", Family::Saas, "UUIDs that are keys of Heroku, Snyk and others", Expression::new(&["heroku", "snyk", "postmark", "newrelic", "new_relic", "circleci", "travis", "pagerduty", "honeybadger", "codacy", "logentries", "loggly"], r#"(?i)(?:heroku|snyk|postmark|new_?relic|circleci|travis|pagerduty|honeybadger|codacy|logentries|loggly)[a-z0-9_ .-]{0,32}["']?(?:\s|=|:|>|"|'|\\){1,12}([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b"#), &["heroku_auth = \"⟦{uuid}⟧\""], &["heroku dyno: web.1"]),
    row("envoy-inline-secret", Family::Mesh, "inline strings of secrets in Envoy configuration", Expression::new(&["inline_string", "inlinestring", "inline_bytes", "inlinebytes"], r#"(?i)(?:secret|token|password|private_key|privateKey|keys|hmac_secret)["\\]{0,8}\s{0,4}:\s{0,4}[\[{]{1,2}\s{0,40}["\\]{0,8}inline_?(?:string|bytes)["\\]{0,8}\s{0,4}:\s{0,4}["\\]{1,8}([^"\\\s]{4,})"#).lead(96).check(not_harmless), &["{\"token_secret\":{\"inline_string\":\"⟦opensesame-{d4}⟧\"}}"], &["{\"source\":{\"inline_string\":\"function envoy_on_request\"}}"]),
    Rule {
        id: "secret-data",
        family: Family::Kubernetes,
        finds: "data and stringData of Kubernetes Secrets",
        detector: Detector::SecretData,
        positive: &["apiVersion: v1\ndata:\n  user: ⟦YWRtaW4=⟧\nkind: Secret\n", "{\"apiVersion\":\"v1\",\"data\":{\"user\":\"⟦YWRtaW4=⟧\"},\"kind\":\"Secret\"}"],
        negative: &["apiVersion: v1\ndata:\n  user: YWRtaW4=\nkind: ConfigMap\n"],
    },
    Rule {
        id: "name-value",
        family: Family::Password,
        finds: "values beside a name that says secret, in every common notation",
        detector: Detector::Assignment,
        positive: &["password=⟦hunt{}er2⟧", "\"apiKey\": \"⟦{a32}⟧\"", "  dbPassword: ⟦{a14}⟧"],
        negative: &["tokenExpirationSeconds: 3607", "password: true", "secretName: istio-ca-secret", "--token-file=/var/run/secrets/token"],
    },
];

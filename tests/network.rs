//! How AWS is reached: whose certificates are trusted, and which proxies are asked. Servers on loopback, with an authority
//! of their own.

use crate::environment::{at_home, said};
use crate::process::{World, day, file};
use crate::support::tls::{Authority, Proxy};

/// A world whose Step Functions speaks TLS, by an authority that is in the file that is answered.
async fn with_tls() -> (World, Authority, String) {
    let mut world = World::new().await;
    let authority = Authority::new();
    let port = authority.before(&world.url, &["localhost"]).await;
    world.url = format!("https://localhost:{port}");
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let file = at_home(&world, "ca.pem", &authority.pem);
    (world, authority, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_authority_is_trusted_where_it_is_named() {
    let (world, _, file) = with_tls().await;
    let other = at_home(&world, "other.pem", &Authority::new().pem);
    let text = format!("[profile p]\nca_bundle = {file}\n");
    at_home(&world, ".aws/config", &text);
    let ways: [&[(&str, &str)]; 5] = [
        &[("AWS_CA_BUNDLE", &file)],
        &[("AWS_PROFILE", "p")],
        &[("SSL_CERT_FILE", &file)],
        &[("AWS_CA_BUNDLE", &other), ("SSL_CERT_FILE", &file)],
        &[("AWS_CA_BUNDLE", ""), ("SSL_CERT_FILE", &file)],
    ];
    for way in ways {
        let mut sync = world.command(&["sync"]);
        let (code, told) = said(sync.envs(way.iter().copied()));
        assert_eq!(code, Some(0), "{way:?}: {told}");
    }
    assert_eq!(world.wire(), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_is_not_there_is_named() {
    let world = World::new().await;
    let text = "[profile p]\nca_bundle = ~/gone.pem\n";
    let config = at_home(&world, ".aws/config", text);
    let gone = world.root.path().join("gone.pem").display().to_string();
    let of_profile = format!("`{config}`, profile `p`: `ca_bundle`");
    for (name, value, origin) in [
        (
            "AWS_CA_BUNDLE",
            gone.as_str(),
            "the environment's AWS_CA_BUNDLE",
        ),
        (
            "SSL_CERT_FILE",
            gone.as_str(),
            "the environment's SSL_CERT_FILE",
        ),
        ("AWS_PROFILE", "p", of_profile.as_str()),
    ] {
        let (code, told) = said(world.command(&["sync"]).env(name, value));
        assert_eq!(code, Some(1), "{told}");
        let begins = format!("error: {origin}: `{gone}` can't be read: ");
        assert!(told.starts_with(&begins), "{told}");
        assert!(
            told.contains("\nhint: name a file with the certificates"),
            "{told}"
        );
    }
}

/// With its password, and for the host that is called, whatever `NO_PROXY` says of other ports.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_asked_for_what_is_not_on_this_machine() {
    let mut world = World::new().await;
    let authority = Authority::new();
    let host = "states.example.org";
    let port = authority.before(&world.url, &[host]).await;
    let bundle = at_home(&world, "ca.pem", &authority.pem);
    let proxy = Proxy::to(port).await;
    world.url = format!("https://{host}");
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let mut sync = world.command(&["sync"]);
    sync.env("AWS_CA_BUNDLE", &bundle)
        .env(
            "HTTPS_PROXY",
            format!("http://me:secret@127.0.0.1:{}", proxy.port),
        )
        .env("NO_PROXY", format!("{host}:8443"));
    let (code, told) = said(&mut sync);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(world.wire(), (1, 0));
    let heads = proxy.heads();
    assert!(!heads.is_empty(), "the proxy is asked");
    for head in heads {
        let head = head.to_lowercase();
        assert!(
            head.starts_with("connect states.example.org:443 "),
            "{head}"
        );
        // `me:secret`
        assert!(
            head.contains("proxy-authorization: basic bwu6c2vjcmv0"),
            "{head}"
        );
    }
    assert!(!told.contains("secret"), "{told}");
}

/// The endpoint, and a container's credentials, are on this machine.
#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_is_asked_for_this_machine() {
    let (world, _, bundle) = with_tls().await;
    let proxy = Proxy::to(1).await;
    let url = format!("http://127.0.0.1:{}", proxy.port);
    let credentials = crate::support::servers::Answering::with(
        r#"{"AccessKeyId":"a","SecretAccessKey":"b","Token":"c","Expiration":"2090-01-01T00:00:00Z"}"#,
    )
    .await;
    let mut sync = world.command(&["sync"]);
    sync.env_remove("AWS_ACCESS_KEY_ID")
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{}/creds?x=1", credentials.url),
        )
        .env("AWS_CA_BUNDLE", &bundle)
        .env("ALL_PROXY", &url);
    let (code, told) = said(&mut sync);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(proxy.heads(), [""; 0]);
    let paths = credentials.paths();
    assert!(!paths.is_empty(), "they are asked for");
    assert!(
        paths.iter().all(|path| path == "GET /creds?x=1"),
        "{paths:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_none_is_refused_with_its_place() {
    let world = World::new().await;
    let mut sync = world.command(&["sync"]);
    let (code, told) = said(sync.env("https_proxy", "socks5://127.0.0.1:1080"));
    assert_eq!(code, Some(1), "{told}");
    let expected = "error: the environment's https_proxy: onced can't speak SOCKS\nhint: name an HTTP proxy, or unset it\n";
    assert_eq!(told, expected);
}

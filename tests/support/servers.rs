//! Servers on loopback that answer every request alike, and remember them.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Answers 200 with one text, or what it was given.
pub(crate) struct Answering {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Answering {
    pub(crate) async fn with(body: &str) -> Self {
        Self::with_status(200, body).await
    }

    pub(crate) async fn with_status(status: u16, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::<Mutex<Vec<(String, String)>>>::default();
        let (seen, body) = (Arc::clone(&asked), body.to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (seen, body) = (Arc::clone(&seen), body.clone());
                tokio::spawn(answer(client, status, body, seen));
            }
        });
        Self { url, asked }
    }

    /// Method and path of each request.
    pub(crate) fn paths(&self) -> Vec<String> {
        let asked = self.asked.lock().expect("not poisoned");
        asked.iter().map(|(path, _)| path.clone()).collect()
    }

    /// What each request held.
    pub(crate) fn bodies(&self) -> Vec<String> {
        let asked = self.asked.lock().expect("not poisoned");
        asked.iter().map(|(_, body)| body.clone()).collect()
    }
}

async fn answer(
    client: TcpStream,
    status: u16,
    body: String,
    seen: Arc<Mutex<Vec<(String, String)>>>,
) -> Option<()> {
    let mut client = BufReader::new(client);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if client.read_line(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            value.trim().parse::<usize>().ok().filter(|_| is_length)
        });
        let mut content = vec![0; length.unwrap_or(0)];
        client.read_exact(&mut content).await.ok()?;
        let line = head.lines().next().unwrap_or_default();
        let path = line.trim_end_matches(" HTTP/1.1").to_owned();
        let content = String::from_utf8_lossy(&content).into_owned();
        seen.lock().expect("not poisoned").push((path, content));
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        client.write_all(head.as_bytes()).await.ok()?;
        client.write_all(body.as_bytes()).await.ok()?;
    }
}

//! What is written down of each request.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Method};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::shop::{Shop, plain, policy, shelf, shop, shop_with};

/// All that is written down by this thread.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("larder") && *metadata.level() <= Level::DEBUG
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0.replace('"', ""));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Log {
    fn begin() -> (Log, DefaultGuard) {
        let log = Log::default();
        (log.clone(), tracing::subscriber::set_default(log))
    }

    /// The lines that tell of pages, since the last call of this.
    fn pages(&self) -> Vec<String> {
        let lines = std::mem::take(&mut *self.0.lock().unwrap());
        lines.into_iter().filter(|line| line.contains("message=page")).collect()
    }
}

fn find(shop: &Shop, target: &str) -> bool {
    let (uri, headers) = (target.parse().unwrap(), HeaderMap::new());
    shop.pages.find(shop.clock.now(), &Method::GET, &uri, &headers).is_some()
}

#[tokio::test(start_paused = true)]
async fn each_request_is_one_line_with_hit_or_miss_and_its_statements() {
    let (log, _guard) = Log::begin();
    let shop = shop().await;
    let mut lines = Vec::new();
    shop.get("/shelf/1").await;
    shop.get("/shelf/1").await;
    assert!(find(&shop, "/shelf/1"));
    shop.get_with("/shelf/1", &[("authorization", "Bearer x")]).await;
    lines.extend(log.pages());
    assert_eq!(
        lines,
        [
            "DEBUG message=page key=page:/shelf/1 how=miss why=absent statements=1",
            "DEBUG message=page key=page:/shelf/1 how=hit statements=0",
            "DEBUG message=page key=page:/shelf/1 how=hit statements=0",
            "DEBUG message=page path=/shelf/1 how=bypass why=authorization statements=1",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_page_is_a_line_with_its_status() {
    let (log, _guard) = Log::begin();
    let shop = shop_with(policy(), |database, request| {
        Box::pin(async move {
            let mut response = shelf(&database, &request);
            *response.status_mut() = http::StatusCode::NOT_FOUND;
            response
        })
    })
    .await;
    shop.get("/shelf/1").await;
    assert_eq!(log.pages(), ["DEBUG message=page key=page:/shelf/1 how=miss status=404 statements=1"]);
}

#[tokio::test(start_paused = true)]
async fn that_a_route_reads_nothing_is_said_once() {
    let (log, _guard) = Log::begin();
    let shop = shop_with(policy(), |_, _| Box::pin(async { plain("made up") })).await;
    for _ in 0..3 {
        shop.get("/shelf/1").await;
    }
    let lines = log.0.lock().unwrap();
    let warnings: Vec<_> = lines.iter().filter(|line| line.starts_with("WARN")).collect();
    assert_eq!(warnings.len(), 1, "{lines:?}");
    assert!(
        warnings[0].contains("key=page:/shelf/1") && warnings[0].contains("read nothing"),
        "{warnings:?}"
    );
}

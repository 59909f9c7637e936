//! A bookshop behind larder: `cargo run -p larder --example books -- postgres://…`, then look at
//! `http://127.0.0.1:3000/books/1` while you change the table with `psql`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Html;
use axum::routing::get;
use larder::freshness::{Columns, Dependency, Query};
use larder::source::postgres::{self, Postgres};
use larder::{Larder, Options, PageCache, PageRule, Policy, Reading};
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{AssertSqlSafe, Row as _};
use tower_layer::Layer as _;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let url = std::env::args().nth(1).ok_or("the address of a database is missing: postgres://…")?;
    let options: PgConnectOptions = url.parse()?;
    let pool = PgPool::connect_with(options.clone()).await?;
    prepare(&pool).await?;

    let larder = Larder::start(|| Postgres::new(options.clone()), Options::default()).await;
    let pages = PageCache::new(larder, "bookshop", rules());
    let routes = Router::new().route("/books", get(list)).route("/books/{id}", get(book)).with_state(pool);
    let application = Router::new().fallback_service(pages.layer(routes));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, application).await?;
    Ok(())
}

/// A table, and that its changes are written down: once, with the rights of the table's owner.
async fn prepare(pool: &PgPool) -> Result<(), Failure> {
    let table = "create table if not exists book (id bigint primary key, title text not null, price numeric not null)";
    sqlx::query(table).execute(pool).await?;
    let mut connection = pool.acquire().await?;
    postgres::install(&mut connection).await?;
    postgres::watch(&mut connection, "book", &["title", "price"]).await?;
    Ok(())
}

/// Which pages are kept, and under which address each.
fn rules() -> Vec<PageRule> {
    let policy = Policy::default();
    let list = |uri: &Uri| (uri.path() == "/books").then(|| "/books".to_owned());
    let book = |uri: &Uri| {
        let id: i64 = uri.path().strip_prefix("/books/")?.parse().ok()?;
        Some(format!("/books/{id}"))
    };
    vec![
        PageRule { route: "/books", policy, address: list },
        PageRule { route: "/books/{id}", policy, address: book },
    ]
}

/// One book: true as long as its row is.
async fn book(
    State(pool): State<PgPool>,
    Extension(reading): Extension<Reading>,
    Path(id): Path<i64>,
) -> Result<Html<String>, StatusCode> {
    let statement = postgres::stamped("select title from book where id = $1");
    let row = sqlx::query(AssertSqlSafe(statement)).bind(id).fetch_one(&pool).await.map_err(failed)?;
    let on_its_row = Dependency::Row { table: Arc::from("book"), id: id.into() };
    reading.note(row.get("larder_stamp"), vec![on_its_row]);
    let title: Option<String> = row.get("title");
    title.map(|title| Html(format!("<h1>{title}</h1>"))).ok_or(StatusCode::NOT_FOUND)
}

/// All books: true until one comes, goes, or has another title. A price may change.
async fn list(
    State(pool): State<PgPool>,
    Extension(reading): Extension<Reading>,
) -> Result<Html<String>, StatusCode> {
    let statement = postgres::stamped("select title from book order by title limit 100");
    let rows = sqlx::query(AssertSqlSafe(statement)).fetch_all(&pool).await.map_err(failed)?;
    let on_all_titles = Dependency::Query(Query {
        table: Arc::from("book"),
        conditions: Vec::new(),
        window: None,
        columns: Columns::Only(vec!["title".into()]),
    });
    reading.note(rows[0].get("larder_stamp"), vec![on_all_titles]);
    let titles: Vec<String> = rows.iter().filter_map(|row| row.get("title")).collect();
    Ok(Html(format!("<p>{}</p>", titles.join("</p><p>"))))
}

fn failed(_: sqlx::Error) -> StatusCode {
    StatusCode::SERVICE_UNAVAILABLE
}

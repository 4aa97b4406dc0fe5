//! GET `report/integrated/get/`: the synchronous BASIC report.

pub(crate) mod cache;
mod metrics;
mod query;
mod rows;

use serde_json::{Map, Value, json};

use self::metrics::{Metric, Subject};
use self::query::Query;
use self::rows::{Board, Cell};
use super::call::Call;
use super::envelope::{ApiError, ApiResult};
use crate::clock::date_of;

/// Answers a report.
pub(crate) fn get(call: &Call<'_>) -> ApiResult {
    let query = Query::read(call)?;
    let board = Board { call, query: &query };
    let rows = board.rows();
    let list: Vec<_> = query.page.slice(&rows.cells).iter().map(|cell| row(&board, *cell)).collect();
    let page_info = query.page.info(rows.cells.len());
    if query.totals {
        let total = totals(&board, &rows);
        return Ok(json!({"list": list, "page_info": page_info, "total_metrics": total}));
    }
    Ok(json!({"list": list, "page_info": page_info}))
}

/// Refuses a report over more days than `limit` as too large.
pub(crate) fn refuse_longer(call: &Call<'_>, limit: u32) -> Result<(), ApiError> {
    let (Some(start), Some(end)) = (call.text("start_date"), call.text("end_date")) else { return Ok(()) };
    let days = query::date("end_date", end)? - query::date("start_date", start)? + 1;
    if days > i64::from(limit) {
        let advice = "The query is too large. Reduce the number of metrics or the time range.";
        return Err(ApiError::new(40067, advice));
    }
    Ok(())
}

fn row(board: &Board<'_>, cell: Cell) -> Value {
    let query = board.query;
    let mut dimensions = Map::new();
    let id = query.advertiser.id_of(query.level, cell.index());
    dimensions.insert(query::id_dimension(query.level).to_owned(), id.into());
    if let Some(day) = cell.day {
        dimensions.insert("stat_time_day".to_owned(), format!("{} 00:00:00", date_of(day)).into());
    }
    json!({"dimensions": dimensions, "metrics": rendered(board, Some(cell.index()), &board.cell(cell))})
}

fn totals(board: &Board<'_>, rows: &rows::Rows) -> Map<String, Value> {
    rendered(board, None, rows.total.get_or_init(|| board.total(&rows.cells)))
}

fn rendered(
    board: &Board<'_>,
    index: Option<usize>,
    figures: &super::world::figures::Figures,
) -> Map<String, Value> {
    let query = board.query;
    let subject = Subject {
        world: &board.call.platform.world,
        advertiser: query.advertiser,
        level: query.level,
        index,
        figures,
    };
    let text = |metric: &&Metric| (metric.name.to_owned(), metric.render(&subject).into());
    query.metrics.iter().map(text).collect()
}

//! Plays the platform's names and figures: two pages of each, with the faults that the test orders.

use async_trait::async_trait;
use jiff::civil::Date;

use super::World;
use super::platform::Platform;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::platform::capabilities::{
    CallContext, LEVEL_NOT_OFFERED, Page, PageCursor, ReportQuestion, Reports, RowPage, StructureRead,
};
use crate::platform::figures::{Entity, Level, Metric, Row, Values};

pub(crate) fn values(spend: i64, impressions: i64) -> Values {
    let mut values = Values::default();
    values.set(Metric::Spend, Some(spend));
    values.set(Metric::Impressions, Some(impressions));
    values
}

/// Makes a row with spend and without impressions.
pub(crate) fn extra(entity: &str, day: Date, spend: i64) -> Row {
    Row { entity: entity.into(), day, values: values(spend, 0) }
}

impl Platform {
    /// Makes the rows of all pages of a question.
    fn rows(&self, question: &ReportQuestion<'_>, is_new_question: bool) -> Vec<Row> {
        let parts: &[&str] = if question.level == Level::Account { &["77"] } else { &["1", "2"] };
        let count = i64::try_from(parts.len()).unwrap();
        let values = values(*self.spend.lock().unwrap() / count, 2 / count);
        let row = |day, entity: &str| Row { entity: entity.into(), day, values };
        let days = question.window.iter();
        let mut rows: Vec<Row> =
            days.flat_map(|day| parts.iter().map(move |entity| row(day, entity))).collect();
        if question.level == Level::Ad {
            rows.extend(self.extra.lock().unwrap().clone());
        }
        if question.level == Level::Account {
            let missing = *self.without_account.lock().unwrap();
            rows.retain(|row| Some(row.day) != missing);
            let foreign = *self.foreign_account.lock().unwrap();
            rows.iter_mut().filter(|row| Some(row.day) == foreign).for_each(|row| row.entity = "78".into());
            self.move_totals(&mut rows, is_new_question);
        }
        for row in &mut rows {
            self.no_metrics.lock().unwrap().iter().for_each(|metric| row.values.set(metric, None));
        }
        rows
    }

    fn move_totals(&self, rows: &mut [Row], is_new_question: bool) {
        let mut unattributed = self.unattributed.lock().unwrap();
        if is_new_question {
            let moving = *self.moving.lock().unwrap();
            unattributed.values_mut().for_each(|spend| *spend += moving);
        }
        for row in rows {
            let more = unattributed.get(&row.day).copied().unwrap_or_default();
            let spend = row.values.get(Metric::Spend).unwrap_or_default();
            row.values.set(Metric::Spend, Some(spend + more));
        }
    }

    fn odd_rows(&self, level: Level) -> Vec<Option<Date>> {
        let (days, times) = &mut *self.odd.lock().unwrap();
        if level != Level::Ad || *times == 0 {
            return Vec::new();
        }
        *times -= 1;
        days.clone()
    }

    /// Refuses a question that the platform does not answer.
    fn check(&self, question: &ReportQuestion<'_>) -> Result<()> {
        let refuse = |kind, code, message: &str| Err(Error::new(kind, code, message));
        if self.refused.lock().unwrap().contains(&question.account) {
            return refuse(Kind::NotPermitted, *self.refusal.lock().unwrap(), "not this one");
        }
        if question.window.days() > *self.most_days.lock().unwrap() {
            return refuse(Kind::TooLarge, "too_large", "less, please");
        }
        if *self.no_level.lock().unwrap() == Some(question.level) {
            return refuse(Kind::Invalid, LEVEL_NOT_OFFERED, "no such level");
        }
        if question.window.iter().any(|day| Some(day) == *self.no_day.lock().unwrap()) {
            return refuse(Kind::UpstreamChanged, "answer_changed", "no");
        }
        Ok(())
    }
}

/// Returns the cursor of one more page.
fn further(cursor: Option<&PageCursor>) -> PageCursor {
    let page: u32 = cursor.map_or(1, |cursor| cursor.0.parse().unwrap());
    PageCursor((page + 1).to_string())
}

#[async_trait]
impl StructureRead for World {
    async fn page(
        &self,
        cx: &CallContext<'_>,
        _: &str,
        level: Level,
        cursor: Option<&PageCursor>,
    ) -> Result<Page<Entity>> {
        self.answer("names", cx).await?;
        let platform = &self.platform;
        if let Some((refused, kind)) = *platform.no_names.lock().unwrap()
            && refused == level
        {
            return Err(Error::new(kind, "platform_failed", "no").retry(Retry::Exhausted));
        }
        *platform.name_pages.lock().unwrap() += 1;
        if *platform.endless.lock().unwrap() {
            return Ok(Page {
                items: Vec::new(),
                odd: *platform.endless_odd.lock().unwrap(),
                next: Some(further(cursor)),
            });
        }
        let entity = |id: &str| Entity {
            id: format!("{}{id}", level.as_str()),
            parent: String::new(),
            name: platform.name.lock().unwrap().clone(),
            status: "ON".to_owned(),
        };
        // The second page repeats the last of the first: a list that changed while it was read.
        Ok(match cursor {
            None => Page { items: vec![entity("1"), entity("2")], odd: 0, next: Some(further(None)) },
            Some(_) => Page { items: vec![entity("2"), entity("3")], odd: 1, next: None },
        })
    }
}

#[async_trait]
impl Reports for World {
    async fn page(
        &self,
        cx: &CallContext<'_>,
        question: &ReportQuestion<'_>,
        cursor: Option<&PageCursor>,
    ) -> Result<RowPage> {
        let platform = &self.platform;
        platform.asked.lock().unwrap().push((question.level, question.window));
        self.answer("figures", cx).await?;
        platform.check(question)?;
        if *platform.endless.lock().unwrap() {
            let odd = (0..*platform.endless_odd.lock().unwrap()).map(|_| None).collect();
            return Ok(RowPage { odd, next: Some(further(cursor)), ..RowPage::default() });
        }
        let mut rows = platform.rows(question, cursor.is_none());
        let rest = rows.split_off(rows.len() / 2);
        let not_offered = *platform.no_metrics.lock().unwrap();
        Ok(match cursor {
            None => RowPage { rows, odd: Vec::new(), not_offered, next: Some(further(None)) },
            Some(_) => {
                RowPage { rows: rest, odd: platform.odd_rows(question.level), not_offered, next: None }
            }
        })
    }
}

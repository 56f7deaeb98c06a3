//! What a challenger in the shadow would have shown, after the answer has been sent.

use crate::answer::item;
use crate::live_session::{LiveSession, interactions};
use crate::state::App;
use crate::store::Rated;
use serving::{Recommendation, Request, Served, ServingError};
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;

/// Ranks beside a slate of a session. Until it is done, the session waits: its state is that of the slate.
pub(crate) async fn beside_session(
    app: &App,
    shadow: Arc<Served>,
    mut live: OwnedMutexGuard<LiveSession>,
    (shown, request): (Vec<String>, Request),
) {
    let policy = shadow.clone();
    let rank = move || live.shadow_state(&policy).and_then(|state| policy.recommend(state, &request));
    compare(app, &shadow, &shown, rank).await;
}

/// Ranks beside a slate for a history.
pub(crate) async fn beside_history(
    app: &App,
    shadow: Arc<Served>,
    history: Vec<Rated>,
    (shown, request): (Vec<String>, Request),
) {
    let policy = shadow.clone();
    let rank = move || {
        let session = policy.start(&interactions(&policy, &history))?;
        policy.recommend(&session, &request)
    };
    compare(app, &shadow, &shown, rank).await;
}

async fn compare(
    app: &App,
    shadow: &Arc<Served>,
    shown: &[String],
    rank: impl FnOnce() -> Result<Vec<Recommendation>, ServingError> + Send + 'static,
) {
    match app.pool.run(app.deadline(), rank).await {
        Ok(Ok(slate)) => {
            let ids: Vec<String> = slate.iter().map(|one| item(shadow, one.item).id).collect();
            app.arms.compare(shadow.hash(), shown, &ids);
        }
        Ok(Err(error)) => {
            tracing::debug!("the shadow refuses: {error}");
            app.arms.skip(shadow.hash());
        }
        Err(_) => app.arms.skip(shadow.hash()),
    }
}

//! The names that columns have in the wild, and what those of ratings say about their values.

/// A name without case, separators and RecBole's type (`user_id:token` is `userid`).
pub(crate) fn plain_name(name: &str) -> String {
    let name = name.split(':').next().unwrap_or(name);
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What the values of a rating column are, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RatingKind {
    /// Degrees of liking on some scale.
    Graded,
    /// Yes or no: 1 and 0, true and false.
    Truth,
    /// Unbounded amounts: hours, plays, shares watched.
    Amount,
}

/// Whose id it is, the most telling first.
pub(super) const USERS: &str = "userid user uid useridencoded useridx agentid reviewerid customerid visitorid username steamid accountid \
     userno userkey usernumber usr userhash useruuid memberid profileid readerid listenerid viewerid playerid \
     personid patronid buyerid clientid subscriberid shopperid raterid reviewerusername reviewer rater customer \
     visitor member profile account client buyer shopper reader listener viewer player person patron subscriber \
     profilename reviewername nickname sessionid session";

/// Ids of items.
pub(super) const ITEMS: &str = "itemid item iid itemidx movieid gameid artistid jokeid bookid productid parentasin asin appid songid trackid \
     animeid videoid businessid newsid articleid isbn isbn13 sku filmid showid seriesid courseid recipeid hotelid \
     restaurantid beerid wineid placeid venueid poiid locationid eventitemid adid postid threadid podcastid episodeid \
     albumid mangaid comicid paperid documentid docid contentid mediaid titleid jobid offerid listingid goodsid merchantid \
     storeid shopid programid streamid imageid photoid workid itemno itemkey itemnumber itemuuid itemcode productcode \
     productno stockcode goodreadsbookid bookisbn ean gtin upc imdbid tmdbid";

/// Things by their nouns: taken where no id is there.
pub(super) const THINGS: &str = "movie film game artist joke book product app song track anime video business news article show series course \
     recipe hotel restaurant beer wine place venue album manga paper goods merchant store \
     gametitle movietitle booktitle songtitle itemtitle producttitle itemname productname moviename gamename bookname \
     appname artistname trackname title";

/// Degrees of liking, the best known names first.
const GRADED: &str = "rating ratings score stars overall reward ratingvalue userrating overallrating bookrating movierating itemrating \
     gamerating productrating reviewrating reviewoverall starrating starratings ratingstars ratingscore scorerating \
     ratinggiven myrating yourrating personalrating reviewerrating customerrating criticrating animerating beerrating \
     reciperating userscore reviewscore overallscore usersscore myscore reviewstars star rate rates userrate rated \
     ratingoverall relevance relevancescore preference preferences pref preferencescore userpreference grade mark marks \
     points evaluation opinion satisfaction enjoyment appreciation sentimentscore utility affinity interest";

/// Yes or no.
const TRUTHS: &str = "label liked like islike isliked hasliked likeddisliked thumbsup thumbs thumb isrecommended recommended recommend \
     wouldrecommend recommendind isrecommend votedup upvoted upvote vote isclick isclicked clicked click isclk clk \
     ispositive positive isfavorite isfavourite favorite favourite favorited favourited isfav bookmarked isbookmarked \
     follow isfollow followed purchased ispurchased ispurchase bought isbought isbuy converted isconverted conversion \
     isconversion isliking interacted isinterested interested completed iscompleted finished longview islongview \
     isvalidplay";

/// Unbounded amounts.
const AMOUNTS: &str = "hours hoursplayed playtime playtimeforever minutes listens listencount plays playcount weight count clicks views \
     watchratio playratio completionratio completionrate playhours hourplayed hoursonrecord playtimehours \
     playtimeminutes playtimeseconds totalplaytime minutesplayed secondsplayed timeplayed playduration watchtime \
     watchtimems watchduration watchseconds watchminutes watchhours viewtime viewduration listeningtime listentime \
     dwelltime readtime readingtime timespent playingtime playingtimems msplayed secplayed seconds \
     nplays numplays playcounts listeningcount scrobbles viewcount nviews clickcount nclicks nlistens visits visitcount \
     ncheckins checkins checkincount quantity qty frequency freq purchases purchasecount npurchases orders \
     ordercount norders interactioncount ninteractions timesseen timesplayed";

/// Names that say nothing of what is measured; the values tell.
const VAGUE: &str = "value val target response feedback signal outcome y r";

/// Points in time.
pub(super) const TIMES: &str = "timestamp time ts unixreviewtime datetime date createdat ratedat eventtime unixtime unixtimestamp epoch \
     timestamps timestampms timems timestampunix utctime eventtimestamp reviewtime reviewdate ratingtime ratingdate \
     timestampcreated timecreated created createdon createddate creationdate dateadded dateupdated updatedat lastupdated \
     reviewedat interactiontime interactiondate clicktime viewtimestamp purchasedate purchasetime orderdate ordertime \
     invoicedate transactiondate playedat listenedat visitedat checkintime submitdate posted postedat publishedat \
     tstamp";

/// What an item is called.
pub(super) const TITLES: &str = "title movietitle itemtitle booktitle name itemname productname appname artist artistname text gametitle \
     producttitle songtitle tracktitle songname trackname moviename filmtitle filmname showtitle \
     seriestitle bookname gamename animetitle animename videotitle newstitle headline articletitle coursetitle \
     coursename recipename hotelname restaurantname businessname beername winename placename venuename albumtitle \
     albumname originaltitle displayname caption heading movie film game book song track product anime show \
     description";

/// Which categories an item has.
pub(super) const GENRES: &str = "genres genre categories category class toptags tags tag features moviegenres moviegenre bookgenres itemgenres \
     gamegenres listedin genrelist genrenames categoryname categorynames categoryid categoryids maincategory \
     subcategory itemcategory itemcategories productcategory productcategories producttype categorylist catname cat \
     cats topics topic subjects subject labels keywords theme themes style styles shelves popularshelves \
     department section type types";

/// A list of items in one field.
pub(super) const SEQUENCES: &str = "itemids itemidlist items sequence seq historyids history trainitemids itemlist itemsequence itemseq \
     sequenceitemids productids movieids bookids gameids trackids songids articleids newsids asins playlist basket \
     trainitems interactions clickhistory";

/// Rows of several sorts of events in one log.
const EVENTS: &str = "event eventtype eventname behavior behaviortype behaviour behaviourtype action actiontype interactiontype \
     activity activitytype feedbacktype eventkind";

/// What such rows are called; a column `type` that holds some of them is one of events.
const EVENT_WORDS: &str = "view click clk impression cart addtocart removefromcart purchase buy pv fav favorite favourite transaction play \
     like dislike share skip order wishlist detail listen save rate rating watch";

/// The names of a rating column, the most telling first.
pub(super) fn ratings() -> impl Iterator<Item = &'static str> {
    [GRADED, TRUTHS, AMOUNTS, VAGUE].into_iter().flat_map(str::split_whitespace)
}

/// What the name of a rating column says of its values.
pub(crate) fn rating_kind(name: &str) -> RatingKind {
    let plain = plain_name(name);
    if is_among(TRUTHS, &plain) {
        RatingKind::Truth
    } else if is_among(AMOUNTS, &plain) {
        RatingKind::Amount
    } else {
        RatingKind::Graded
    }
}

/// Whether a column is named like one of the sorts of events.
pub(crate) fn is_event_name(name: &str) -> bool {
    is_among(EVENTS, &plain_name(name))
}

/// Whether a value names a sort of event.
pub(crate) fn is_event_word(value: &str) -> bool {
    is_among(EVENT_WORDS, &plain_name(value))
}

/// Whether a column that plays no role is named like a rating: degrees of liking or yes and no, of one row (no mean or
/// number of them).
pub(crate) fn sounds_like_rating(name: &str) -> bool {
    let plain = plain_name(name);
    if is_among(GRADED, &plain) || is_among(TRUTHS, &plain) {
        return true;
    }
    let words = words(name);
    let has = |list: &str| words.iter().any(|word| is_among(list, word));
    let is_part = ["rating", "score", "stars", "liked", "recommend"].iter().any(|part| plain.contains(part));
    let sounds = is_part
        || has("rate rated star like likes vote grade prefer preference opinion satisfied click label");
    sounds
        && !has(
            "avg average mean median count counts num number n total sum std var min max share ratio propensity id",
        )
}

/// Whether a name says that a column holds something that is no rating whatever its values: an id, a time, a place.
pub(crate) fn sounds_like_another_thing(name: &str) -> bool {
    let words = words(name);
    let has = |list: &str| words.iter().any(|word| is_among(list, word));
    has(
        "id ids idx index no number year month day hour week date time timestamp age zip code lat lon latitude \
         longitude page slot rank position pos price cost fold split feature row line unnamed gender sex",
    )
}

/// The words of a name, by separators and capitals.
fn words(name: &str) -> Vec<String> {
    let name = name.split(':').next().unwrap_or(name);
    let mut words = vec![String::new()];
    let mut was_small = false;
    for character in name.chars() {
        let is_break = !character.is_alphanumeric() || (was_small && character.is_uppercase());
        if is_break && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        was_small = character.is_lowercase();
        if character.is_alphanumeric() {
            words.last_mut().expect("starts with one").extend(character.to_lowercase());
        }
    }
    words
}

fn is_among(names: &str, plain: &str) -> bool {
    names.split_whitespace().any(|name| name == plain)
}

/// Every list of names, with the word for its role.
#[cfg(test)]
pub(crate) fn known() -> Vec<(&'static str, Vec<&'static str>)> {
    let split = |names: &'static str| names.split_whitespace().collect();
    vec![
        ("user", split(USERS)),
        ("item", split(ITEMS)),
        ("rating", ratings().collect()),
        ("time", split(TIMES)),
        ("title", split(TITLES)),
        ("genres", split(GENRES)),
    ]
}

# Writes the items file of the large log: `awk -v n=100000 -f items.awk > items.csv`. Titles of two words and a number, two
# of 24 categories.
BEGIN {
    print "item_id,title,genres"
    for (i = 0; i < n; i++) printf "%d,\"Film of plot %d, part %d\",c%d|c%d\n", i, i % 977, i, i % 24, int(i / 24) % 24
}

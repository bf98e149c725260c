package prose

// rule is a word that puzzled readers, and what to say instead.
type rule struct {
	// words is a regular expression for comments, strings, documents and manifests.
	words string
	// names is a regular expression for the words of an identifier, such as "let go" of letGo.
	names string
	// say is the better wording.
	say string
	// unless is a regular expression of what is right: it is matched against the words with
	// 40 characters before and after, or against the whole identifier.
	unless string
	// code is a regular expression as it is written, for names of the API in comments, strings and documents.
	code string
	// not are files to which the rule does not apply: patterns of package path, or directories that end in "/".
	not []string
	// example has what the rule finds, for each alternative of words, names and code; commas separate names.
	example string
}

var rules = []rule{
	// Old words.
	{words: "mend(s|ed|ing)?", names: "mend(s|ed|ing)?", say: "fix", example: "mended"},
	{words: "heed(s|ed|ing)?", names: "heed(s|ed|ing)?", say: "handle, obey", example: "heeds"},
	{words: "anew", names: "anew", say: "again, new", example: "anew"},
	{words: "whence|thereof|therein|whereof|lest|in the midst of", say: "rewrite the sentence", example: "whence, thereof, therein, whereof, lest, in the midst of"},
	{words: "(could not|cannot|can|to|must not|must|will|may|might|would) be had", say: "be exported, be retrieved, be read", example: "what could not be had"},
	{words: "(go|goes|went|gone|going) on", names: "(goes|going|went) on|go on", say: "continue, resume, run", unless: "what is going on", example: "goes on, go on"},
	{words: "at work", names: "at work", say: "running, in progress", unless: "looks? at work", example: "at work"},
	{words: "(give|gives|gave|given|giving) ((it|them|a|an|the)( \\w+)? )?up", names: "(give|gives|gave|given) up", say: "stops retrying, ends, cancelled", not: []string{"internal/genesys/client/errors_test.go"}, example: "gives a request up, give up"},
	{words: "as [0-9]+(s|m|h|d|Gi|Mi|Ti)|, as 20[0-9]{2}-", say: "for example 1h", unless: "such as", example: "as 5m, as 2024-01-01"},
	{words: "(is|are|was|were|being|been) no [a-z-]+", say: "is not a …", unless: "there (is|are|was|were|be|has been|have been|need be) no|no (longer|more|later|earlier|one|fewer|less|larger|greater|smaller|older|newer|better|worse)\\b", example: "is no gap"},
	{words: "learn(s|ed|ing)? of", say: "found out, is told", example: "learns of"},
	{words: "(see|sees|saw|seen|seeing) to it", say: "makes sure", example: "sees to it"},
	{words: "and no more", say: "only", example: "and no more"},

	// Private metaphors.
	{words: "arsenal|weapons?", names: "arsenal|weapons?", say: "test overrides, registry", example: "arsenal, weapons"},
	{words: "hurry|hurries|hurried", names: "hurry|hurries|hurried|hurriedly", say: "test overrides", example: "hurry, hurries, hurried, hurriedly"},
	{words: "ledgers?", names: "ledgers?", say: "recording states, record", example: "ledger"},
	{words: "learners?", names: "learners?", say: "metadata source", example: "learner"},
	{words: "ripe(ns|ned|r)?", names: "ripe(ns|ned|r)?", say: "sealable, due", example: "ripens"},
	{names: "let go|lets go|hold on|holds on|may go", say: "removeFinalizer, setFinalizer, checkSuspended", example: "let go, lets go, hold on, holds on, may go"},
	{names: "insist(s|ed|ing)?", words: "insist(s|ed|ing)?", say: "retry until done, require", example: "insists"},
	{names: "book(s|ed|ing)?", words: "book(s|ed|ing)?", say: "plan, record", example: "booked"},
	{names: "grow|grows|fold|folds", say: "planFollowUps, countFinishedBatches", example: "grow, grows, fold, folds"},
	{words: "patience", names: "patience", say: "retry deadline, retry policy, wait limit", not: []string{"hack/figures/"}, example: "patience"},
	{words: "founders?", names: "founders?", say: "the first claim, who created it", example: "founders"},
	{names: "beat(s|en|ing)?", say: "report progress", example: "beat"},
	{words: "furnish(es|ed|ing)?", names: "furnish(es|ed|ing)?", say: "set up, create", example: "furnished"},
	{words: "lives that chance makes up|made-up lives", say: "randomly generated runs", example: "lives that chance makes up, made-up lives"},
	{words: "let(s|ting)? go", say: "permit, remove, release", example: "lets go"},
	{words: "(may|can|cannot|could|must|must not|to) be asked( about| for)?", say: "the operator requests, queries, connects to", example: "may be asked"},
	{words: "nought|hence|for ever", say: "zero, so, forever", example: "nought, hence, for ever"},
	{words: "(is|are|was) good for (one|this|that)", say: "applies to one, allows one", example: "is good for one"},
	{words: "(the first|the second|that one|last one|later one|smallest figure|answer) counts", say: "is kept, is used, applies; count is for numbers", example: "of both the first counts, the second counts, that one counts, the last one counts, the later one counts, the smallest figure counts, the answer counts"},
	{words: "(note|notes|noted|noting) (it |them )?down", say: "record", example: "notes down, notes it down"},
	{words: "(stand|stands|standing|stood) still", say: "makes no progress, pauses", example: "stands still"},
	{words: "all the same", say: "still, anyway; all equal", example: "all the same"},
	{words: "(take|takes|took|taken|taking) away", say: "remove", not: []string{"CHANGELOG.md"}, example: "taken away"},
	{words: "(draw|draws|drew|drawn|drawing) up", say: "make, write", not: []string{"internal/report/testdata/"}, example: "draws up"},
	{words: "(come|comes|came|coming) to an end|at an end", say: "end", example: "comes to an end, at an end"},
	{words: "(hold|holds|held|holding) up", say: "delay, block; hold is a legal hold", example: "holds up"},
	{words: "(hold|holds|held|holding) on to", say: "keep", example: "holds on to"},
	{words: "mu is held|holds the lock", say: "is locked, has the lock", example: "mu is held, holds the lock"},
	{words: "(archive|bag|batch|bucket|directory|file|folder|plan|seal|secret|slice) (holds|may hold|can hold)|(bags|seals) hold", say: "contain; hold is a legal hold",
		example: "no seal holds, a bag may hold, an archive can hold, seals hold"},
	{words: "asked again", say: "the operator retries, retrying", example: "asked again"},

	// Old names of the API.
	{code: `"(Reached|In|Out)"|ClientsOut|NoActiveClient|EvidenceFaults|BatchesRunning|\bTooManyStalled|MetadataParked|RecordingsOutstanding|REX_HURRY`,
		say: "the names of today: CHANGELOG.md, Renamed", not: []string{"CHANGELOG.md"},
		example: `"Reached", ClientsOut, NoActiveClient, EvidenceFaults, BatchesRunning, TooManyStalled, MetadataParked, RecordingsOutstanding, REX_HURRY`},
}

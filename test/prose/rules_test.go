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
	// not are files to which the rule does not apply: patterns of package path, or directories that end in "/".
	not []string
}

var rules = []rule{
	// Old words.
	{words: "mend(s|ed|ing)?", names: "mend(s|ed|ing)?", say: "fix"},
	{words: "heed(s|ed|ing)?", names: "heed(s|ed|ing)?", say: "handle, obey"},
	{words: "anew", names: "anew", say: "again, new"},
	{words: "whence|thereof|therein|whereof|lest|in the midst of", say: "rewrite the sentence"},
	{words: "(could not|cannot|can|to|must not|must|will|may|might|would) be had", say: "be exported, be retrieved, be read"},
	{words: "(go|goes|went|gone|going) on", names: "(goes|going|went) on|go on", say: "continue, resume, run", unless: "what is going on"},
	{words: "at work", names: "at work", say: "running, in progress", unless: "looks? at work"},
	{words: "(give|gives|gave|given|giving) ((it|them|a|an|the)( \\w+)? )?up", names: "(give|gives|gave|given) up", say: "stops retrying, ends, cancelled", not: []string{"internal/genesys/client/errors_test.go"}},
	{words: "as [0-9]+(s|m|h|d|Gi|Mi|Ti)|, as 20[0-9]{2}-", say: "for example 1h", unless: "such as"},
	{words: "(is|are|was|were|being|been) no [a-z-]+", say: "is not a …", unless: "there (is|are|was|were|be|has been|have been|need be) no|no (longer|more|later|earlier|one|fewer|less|larger|greater|smaller|older|newer|better|worse)\\b"},
	{words: "learn(s|ed|ing)? of", say: "found out, is told"},
	{words: "(see|sees|saw|seen|seeing) to it", say: "makes sure"},
	{words: "and no more", say: "only"},

	// Private metaphors.
	{words: "arsenal|weapons?", names: "arsenal|weapons?", say: "test overrides, registry"},
	{words: "in a hurry|hurry|hurries|hurried", names: "hurry|hurries|hurried|hurriedly", say: "test overrides"},
	{words: "ledgers?", names: "ledgers?", say: "recording states, record"},
	{words: "learners?", names: "learners?", say: "metadata source"},
	{words: "ripe(ns|ned|r)?", names: "ripe(ns|ned|r)?", say: "sealable, due"},
	{names: "let go|lets go|hold on|holds on|may go", say: "removeFinalizer, setFinalizer, checkSuspended"},
	{names: "insist(s|ed|ing)?", words: "insist(s|ed|ing)?", say: "retry until done, require"},
	{names: "book(s|ed|ing)?", words: "book(s|ed|ing)?", say: "plan, record", unless: "runbook"},
	{names: "grow|grows|fold|folds", say: "planFollowUps, countFinishedBatches"},
	{words: "patience", names: "patience", say: "retry deadline, retry policy, wait limit", not: []string{"hack/figures/"}},
	{words: "founders?", names: "founders?", say: "the first claim, who created it"},
	{names: "beat(s|en|ing)?", say: "report progress"},
	{words: "furnish(es|ed|ing)?", names: "furnish(es|ed|ing)?", say: "set up, create"},
	{words: "lives that chance makes up|made-up lives", say: "randomly generated runs"},
	{words: "be asked anew|is asked again|are asked again|asked again:", say: "the operator retries, retrying"},

	// One word, one meaning.
	{words: `"(Reached|In|Out)"`, say: "Succeeded, Active, Inactive"},
}

// unfinished are beginnings of paths whose words are being replaced at present. The list must be empty.
var unfinished = []string{}

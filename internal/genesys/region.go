package genesys

// regions maps each AWS region of Genesys Cloud to the base URL of its Platform
// API. Source: the SDK's own (unexported) list, configuration.go of v133.
var regions = map[string]string{
	"us-east-1":      "https://api.mypurecloud.com",
	"us-east-2":      "https://api.use2.us-gov-pure.cloud",
	"us-west-2":      "https://api.usw2.pure.cloud",
	"ca-central-1":   "https://api.cac1.pure.cloud",
	"sa-east-1":      "https://api.sae1.pure.cloud",
	"eu-west-1":      "https://api.mypurecloud.ie",
	"eu-west-2":      "https://api.euw2.pure.cloud",
	"eu-central-1":   "https://api.mypurecloud.de",
	"eu-central-2":   "https://api.euc2.pure.cloud",
	"me-central-1":   "https://api.mec1.pure.cloud",
	"ap-south-1":     "https://api.aps1.pure.cloud",
	"ap-northeast-1": "https://api.mypurecloud.jp",
	"ap-northeast-2": "https://api.apne2.pure.cloud",
	"ap-northeast-3": "https://api.apne3.pure.cloud",
	"ap-southeast-2": "https://api.mypurecloud.com.au",
}

// RegionURL returns the base URL of a region's Platform API, and whether there
// is such a region.
func RegionURL(region string) (string, bool) {
	url, ok := regions[region]
	return url, ok
}

package genesys

// regions maps each AWS region of Genesys Cloud to the base URL of its Platform
// API. Source: the lists of regions in Genesys Cloud's own SDKs, that of the Go SDK
// v133 (configuration.go) and, for what was added since, that of the JavaScript
// SDK 262.0.0 (PureCloudRegionHosts.js).
var regions = map[string]string{
	"us-east-1":      "https://api.mypurecloud.com",
	"us-east-2":      "https://api.use2.us-gov-pure.cloud",
	"us-west-2":      "https://api.usw2.pure.cloud",
	"ca-central-1":   "https://api.cac1.pure.cloud",
	"mx-central-1":   "https://api.mxc1.pure.cloud",
	"sa-east-1":      "https://api.sae1.pure.cloud",
	"eu-west-1":      "https://api.mypurecloud.ie",
	"eu-west-2":      "https://api.euw2.pure.cloud",
	"eu-central-1":   "https://api.mypurecloud.de",
	"eu-central-2":   "https://api.euc2.pure.cloud",
	"eusc-de-east-1": "https://api.edee1.eusc-pure.cloud",
	"me-central-1":   "https://api.mec1.pure.cloud",
	"ap-south-1":     "https://api.aps1.pure.cloud",
	"ap-northeast-1": "https://api.mypurecloud.jp",
	"ap-northeast-2": "https://api.apne2.pure.cloud",
	"ap-northeast-3": "https://api.apne3.pure.cloud",
	"ap-southeast-1": "https://api.apse1.pure.cloud",
	"ap-southeast-2": "https://api.mypurecloud.com.au",
}

// RegionURL returns the base URL of a region's Platform API, and whether there
// is such a region.
func RegionURL(region string) (string, bool) {
	url, ok := regions[region]
	return url, ok
}

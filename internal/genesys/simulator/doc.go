// Package simulator is an HTTP server that behaves like the Genesys Cloud
// Platform API, as far as recordings go: login, analytics, deletion
// protection, recording metadata, batch requests, bulk jobs and the media
// themselves.
//
// It lets people try an export, and tests and benchmarks run, without an
// organisation at Genesys. Its data set is a pure function of [Options]: the
// same options give the same conversations, ids, recordings and bytes. What
// exists only at run time (tokens, job ids, signatures) is random, as it is at
// Genesys, so that nothing remembered from an earlier run is taken for valid.
//
// What Genesys Cloud documents is reproduced; where it is silent, the choice
// made here is the plausible one that forgives a client least, and the comment
// at that place says that it is unverified.
//
// Nothing runs in the background. Whatever takes time at Genesys (a job, an
// export to S3, a token's life) is worked out from the clock when somebody
// asks, so a test that owns the clock owns the simulator.
//
//	sim := simulator.New(simulator.Defaults())
//	server := httptest.NewServer(sim)
//
// A [Simulator] answers over HTTP; tests look behind it: [Simulator.Dataset]
// is the ground truth, [Simulator.Journal] tells what was asked,
// [Simulator.InjectFault] makes answers go wrong.
package simulator

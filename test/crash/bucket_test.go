package crash

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/failpoint"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
)

// The buckets of a scene whose evidence lands in S3.
const (
	bucket     = "evidence"
	workBucket = "work"
)

// newSceneInS3 makes a scene whose evidence lands in a bucket with Object Lock, on
// a server of its own.
func newSceneInS3(t *testing.T) *scene {
	t.Helper()
	s3 := s3server.Start(t)
	s3.Bucket(bucket, true)
	s3.Bucket(workBucket, false)
	return newSceneAt(t, s3)
}

// landInBucket makes a destination one in the scene's server.
func (s *scene) landInBucket(destination *v1alpha1.ExportDestination) {
	s.Helper()
	s.Create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "s3", Namespace: s.Namespace},
		StringData: map[string]string{"accessKeyId": s3server.AccessKeyID, "secretAccessKey": s3server.SecretAccessKey},
	})
	destination.Spec.Directory = nil
	destination.Spec.S3 = &v1alpha1.S3Destination{
		Bucket: bucket, WorkBucket: workBucket, Prefix: "legal", Region: s3server.Region, Endpoint: s.s3.URL, PathStyle: true,
		SecretRef:  v1alpha1.LocalReference{Name: "s3"},
		ObjectLock: &v1alpha1.ObjectLock{Mode: v1alpha1.ObjectLockCompliance, RetentionDays: 30},
	}
}

// fetch brings the archive here, as a third party would.
func (s *scene) fetch() {
	s.Helper()
	s.s3.Download(bucket, "legal/case-1/", s.Archive())
	if left := s.s3.Uploads(bucket); len(left) > 0 {
		s.Errorf("uploads %v are left", left)
	}
}

// TestCrashesInS3 does what TestCrashes does where the evidence lands in a bucket:
// before and after each object gets its key, and is removed.
func TestCrashesInS3(t *testing.T) {
	crash(t, stage{newScene: newSceneInS3, destination: failpoint.Bucket, naming: failpoint.ObjectPut, chains: 3})
}

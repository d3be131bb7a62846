package temporal

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
)

// heartbeats make every activity that has a heartbeat timeout say that it lives,
// so that one whose process was killed is tried again after that timeout and not
// after the far longer one for the work itself. A short activity sends none.
type heartbeats struct {
	interceptor.WorkerInterceptorBase
}

// InterceptActivity wraps each activity of the worker.
func (*heartbeats) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &beating{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}}
}

type beating struct {
	interceptor.ActivityInboundInterceptorBase
}

// ExecuteActivity beats four times in each timeout while the activity runs.
func (b *beating) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	if every := activity.GetInfo(ctx).HeartbeatTimeout / 4; every > 0 {
		alive, stop := context.WithCancel(ctx)
		defer stop()
		go beat(alive, every)
	}
	return b.Next.ExecuteActivity(ctx, in)
}

func beat(ctx context.Context, every time.Duration) {
	for ctx.Err() == nil {
		pause, cancel := context.WithTimeout(ctx, every)
		<-pause.Done()
		cancel()
		if ctx.Err() == nil {
			activity.RecordHeartbeat(ctx)
		}
	}
}

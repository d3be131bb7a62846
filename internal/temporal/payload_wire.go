package temporal

import (
	"context"
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	enumspb "go.temporal.io/api/enums/v1"
)

// dialOptions encrypt and decrypt on the wire, and not in the SDK's data converter: a
// worker to which a task comes whose key it has not got fails to take that task, which
// goes to another worker when its time is up. In the converter it would fail the
// workflow, for good.
func (k *PayloadKeys) dialOptions() ([]grpc.DialOption, error) {
	if k == nil {
		return nil, nil
	}
	failures, err := converter.NewFailureGRPCClientInterceptor(converter.NewFailureGRPCClientInterceptorOptions{EncodeCommonAttributes: true})
	if err != nil {
		return nil, fmt.Errorf("encrypt failures: %w", err)
	}
	payloads, err := converter.NewPayloadCodecGRPCClientInterceptor(converter.PayloadCodecGRPCClientInterceptorOptions{Codecs: []converter.PayloadCodec{k}})
	if err != nil {
		return nil, fmt.Errorf("encrypt payloads: %w", err)
	}
	return []grpc.DialOption{grpc.WithChainUnaryInterceptor(copied, failures, payloads)}, nil
}

// copied keeps the caller's request as it is: the others change it in place, and the
// SDK's retries would have it encrypted twice.
func copied(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if m, ok := req.(proto.Message); ok {
		req = proto.Clone(m)
	}
	return invoke(ctx, method, req, reply, cc, opts...)
}

// KeysIn are the ids of the keys with which something of a workflow's latest run is
// encrypted; none when it is not there or over. c must be a client without keys.
func KeysIn(ctx context.Context, c client.Client, workflow string) (map[string]bool, error) {
	d, err := c.DescribeWorkflowExecution(ctx, workflow, "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at workflow %s: %w", workflow, err)
	}
	if d.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return nil, nil
	}
	ids := map[string]bool{}
	look := proxy.VisitPayloadsOptions{Visitor: func(_ *proxy.VisitPayloadsContext, ps []*commonpb.Payload) ([]*commonpb.Payload, error) {
		for _, p := range ps {
			if string(p.GetMetadata()[encodingKey]) == encrypted {
				ids[string(p.GetMetadata()[encryptedBy])] = true
			}
		}
		return ps, nil
	}}
	run := d.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	for it := c.GetWorkflowHistory(ctx, workflow, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		e, err := it.Next()
		if err == nil {
			err = proxy.VisitPayloads(ctx, e, look)
		}
		if err != nil {
			return nil, fmt.Errorf("read the history of workflow %s: %w", workflow, err)
		}
	}
	return ids, nil
}

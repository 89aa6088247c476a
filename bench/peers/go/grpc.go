package main

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "goboardpeer/dashboardpb"
)

// dashboardService has the methods that update; the others answer that they are not implemented.
type dashboardService struct {
	pb.UnimplementedDashboardServiceServer
	boards board
}

func newGRPCServer(boards board, gate gate) *grpc.Server {
	server := grpc.NewServer(grpc.UnaryInterceptor(unaryGate(gate)), grpc.StreamInterceptor(streamGate(gate)))
	pb.RegisterDashboardServiceServer(server, dashboardService{boards: boards})
	return server
}

// IncrementScore adds to the member's score.
func (s dashboardService) IncrementScore(
	ctx context.Context, request *pb.IncrementScoreRequest,
) (*pb.IncrementScoreResponse, error) {
	place, err := s.boards.increment(ctx, request.GetDashboard(), request.GetMemberId(), request.GetIncrement())
	if err != nil {
		return nil, status.Error(codes.Internal, "internal error")
	}
	return &pb.IncrementScoreResponse{MemberId: request.GetMemberId(), Rank: place.rank, Score: place.score}, nil
}

// StreamUpdates answers each update with the member's place, one after the other.
func (s dashboardService) StreamUpdates(stream pb.DashboardService_StreamUpdatesServer) error {
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		place, err := s.boards.increment(
			stream.Context(), request.GetDashboard(), request.GetMemberId(), request.GetIncrement(),
		)
		if err != nil {
			return status.Error(codes.Internal, "internal error")
		}
		reply := &pb.UpdateResponse{MemberId: request.GetMemberId(), Rank: place.rank, Score: place.score}
		if err := stream.Send(reply); err != nil {
			return err
		}
	}
}

func unaryGate(gate gate) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		if err := authenticate(ctx, gate); err != nil {
			return nil, err
		}
		return handle(ctx, request)
	}
}

func streamGate(gate gate) grpc.StreamServerInterceptor {
	return func(service any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
		if err := authenticate(stream.Context(), gate); err != nil {
			return err
		}
		return handle(service, stream)
	}
}

func authenticate(ctx context.Context, gate gate) error {
	given := ""
	if values := metadata.ValueFromIncomingContext(ctx, "authorization"); len(values) > 0 {
		given = values[0]
	}
	err := gate.check(given)
	switch {
	case errors.Is(err, errMissingToken):
		return status.Error(codes.Unauthenticated, err.Error())
	case err != nil:
		return status.Error(codes.PermissionDenied, err.Error())
	default:
		return nil
	}
}

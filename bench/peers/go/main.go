// Command goboardpeer is the leaderboard service that one would usually write in Go, to compare goboard with:
// gin, gorilla/websocket, grpc-go and go-redis, with two round trips to Redis an update.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/redis/go-redis/v9"
)

func main() {
	options, err := redis.ParseURL(os.Getenv("REDIS_URL"))
	if err != nil {
		log.Fatalf("REDIS_URL: %v", err)
	}
	boards := board{redis: redis.NewClient(options)}
	gate := gate{token: []byte(os.Getenv("PEER_TOKEN"))}

	failed := make(chan error)
	if listener := listen("PEER_HTTP_PORT"); listener != nil {
		engine := newEngine(boards, gate)
		go func() { failed <- http.Serve(listener, engine) }()
	}
	if listener := listen("PEER_GRPC_PORT"); listener != nil {
		server := newGRPCServer(boards, gate)
		go func() { failed <- server.Serve(listener) }()
	}
	// A listening socket accepts from here on; Go's own answer to SIGTERM ends the process at once.
	fmt.Println("ready")
	log.Fatal(<-failed)
}

// listen opens the port that the environment variable names; nil where it is not set.
func listen(variable string) net.Listener {
	port := os.Getenv(variable)
	if port == "" {
		return nil
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		log.Fatalf("%s: %v", variable, err)
	}
	return listener
}

package scheduler

import "context"

// Somebody is the actor of a change of which nobody says who makes it.
const Somebody = "somebody"

// Itself is the actor of what the scheduler does by itself.
const Itself = "pgdue"

type actorKey struct{}

// WithActor says in a context who asks for what is done under it, for people: "ada@web-1". It is in the context since it
// belongs to the request, not to any one thing that the request does.
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// ActorOf says who asks; Somebody where it was not said.
func ActorOf(ctx context.Context) string {
	if actor, ok := ctx.Value(actorKey{}).(string); ok && actor != "" {
		return actor
	}
	return Somebody
}

import '../helpers/over-ssh';
import './local-host-follow.test';
